"""The terms of a region's assessment: those of today, or those that a run has pinned."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.models import Region
from law.amount import AssessmentRules, Terms, TermsError
from law.counting import CountingRules
from law.policy import policy_year
from law.settings import SettingError
from levy.errors import ParametersMissing
from levy.models import PolicyVersion
from quota.enums import NumberKind
from quota.models import RegionalNumber, RegionalSetting

NUMBERS = [NumberKind.REQUIRED_RATIO, NumberKind.SOCIAL_AVERAGE_WAGE]


def regional_terms(code: str, levy_year: int) -> dict[str, Any]:
    """A region's numbers and settings of 31 December of the levy year, each from the county, else the prefecture, else
    the province. A row outside its dates is skipped."""
    lineage = Region(code=code).lineage()
    day = date(levy_year, 12, 31)
    terms: dict[str, Any] = {"settings": {}}
    nearest_last = sorted(_rows(lineage, day), key=lambda row: lineage.index(row[0]), reverse=True)
    for _code, name, value, document in nearest_last:
        if name in NUMBERS:
            terms[name] = {"value": str(Decimal(value).normalize()), "document": document}
        else:
            terms["settings"][name] = {"value": value, "document": document}
    return terms


def _rows(lineage: list[str], day: date) -> Iterable[tuple[str, str, str, str]]:
    """Region, name, value and document of the numbers and settings, in one query."""
    numbers = RegionalNumber.objects.on(day).for_lineage(lineage).filter(kind__in=NUMBERS).order_by()
    settings = RegionalSetting.objects.on(day).for_lineage(lineage).order_by()
    as_text = numbers.annotate(text=Cast("value", CharField()))
    return as_text.values_list("region_id", "kind", "text", "document_number").union(
        settings.values_list("region_id", "name", "value", "document_number"), all=True
    )


def refuse_unusable(regions: Mapping[str, dict[str, Any]], levy_year: int) -> None:
    """Raise ParametersMissing with the regions whose ratio, wage or rule is missing or wrong, or PolicyYearMissing."""
    faults = []
    for code, terms in regions.items():
        try:
            _terms(levy_year, terms)
        except (KeyError, TermsError, SettingError):
            faults.append(code)
    if faults:
        shown = _("、").join(faults[:10])
        words = _(
            "%(count)s个地区%(year)s年12月31日的规定比例、社会平均工资或地区规则缺失或有误：%(regions)s。请先补正地区参数。"
        )
        raise ParametersMissing(words % {"count": len(faults), "year": levy_year, "regions": shown})


def terms_of(version: PolicyVersion, region_code: str) -> Terms:
    """The pinned terms of one region."""
    return _cached_terms(version.pk, version.levy_year, json.dumps(version.content["regions"][region_code]))


@lru_cache(maxsize=4096)
def _cached_terms(version_id: int, levy_year: int, text: str) -> Terms:
    return _terms(levy_year, json.loads(text))


def terms_by_region(version: PolicyVersion) -> dict[str, Terms]:
    """The pinned terms of every region of the version."""
    return {code: _terms(version.levy_year, terms) for code, terms in version.content["regions"].items()}


def current_terms(region_code: str, levy_year: int) -> Terms:
    """Today's terms of a region, for estimates. Raises ParametersMissing, PolicyYearMissing."""
    return usable_terms(region_code, levy_year, regional_terms(region_code, levy_year))


def usable_terms(region_code: str, levy_year: int, terms: dict[str, Any]) -> Terms:
    """The result of `regional_terms`, ready to compute with. Raises ParametersMissing, PolicyYearMissing."""
    refuse_unusable({region_code: terms}, levy_year)
    return _terms(levy_year, terms)


def counting_rules_of(terms: Mapping[str, Any]) -> CountingRules:
    """The region's counting rules, from `regional_terms` or from pinned terms. Raises SettingError."""
    return CountingRules.from_settings(_values(terms, CountingRules.names()))


def _values(terms: Mapping[str, Any], names: Collection[str]) -> dict[str, str]:
    return {name: row["value"] for name, row in terms["settings"].items() if name in names}


def _terms(levy_year: int, terms: Mapping[str, Any]) -> Terms:
    wage = terms.get(NumberKind.SOCIAL_AVERAGE_WAGE)
    return Terms(
        policy=policy_year(levy_year),
        required_ratio=Decimal(terms[NumberKind.REQUIRED_RATIO]["value"]),
        social_average_wage=Decimal(wage["value"]) if wage else None,
        required_ratio_citation=terms[NumberKind.REQUIRED_RATIO]["document"],
        social_average_wage_citation=wage["document"] if wage else "",
        rules=AssessmentRules.from_settings(_values(terms, AssessmentRules.names())),
    )
