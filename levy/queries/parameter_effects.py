"""The effect that a new value would have had in the last confirmed year: counts for the second administrator."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Case, Count, F, Max, Q, QuerySet, Sum, When
from django.db.models.functions import Least
from django.utils.translation import gettext as _

from law.policy import policy_year
from levy.models import Assessment, ParameterChange
from levy.models.assessments import OutcomeCode
from levy.queries.policy import regional_terms
from quota.enums import NumberKind
from quota.models import WagePayment
from quota.queries.parameters import number_on

LIABLE = [OutcomeCode.MET, OutcomeCode.HALF, OutcomeCode.NINETY, OutcomeCode.FULL]


@dataclass(frozen=True, slots=True)
class EffectLine:
    """One count or sum of the year, as it was and as it would have been."""

    label: str
    unit: str
    before: Decimal | int
    after: Decimal | int


@dataclass(frozen=True, slots=True)
class ChangeEffect:
    levy_year: int
    lines: list[EffectLine]


def effect_on_last_year(change: ParameterChange) -> ChangeEffect | None:
    """The change applied to the newest confirmed year of its region, in at most four queries.

    None without such a year, without a value to compare with, and for rules: only a trial run shows their effect.
    """
    confirmed = Assessment.objects.current().in_region(change.region_id)
    year = confirmed.aggregate(newest=Max("levy_year"))["newest"]
    if year is None or change.name not in NumberKind.values:
        return None
    stands = number_on(NumberKind(change.name), change.region, date(year, 12, 31))
    if stands is None:
        return None
    lines = LINES[change.name](change, confirmed.filter(levy_year=year), year, stands.value, Decimal(change.value))
    return ChangeEffect(year, lines) if lines else None


def _capped(
    change: ParameterChange, rows: QuerySet[Assessment], year: int, old: Decimal, new: Decimal
) -> list[EffectLine]:
    multiple = policy_year(year).wage_cap_multiple.value
    if multiple is None or "wage_base" in regional_terms(change.region_id, year)["settings"]:
        return []
    before, after = old * multiple, new * multiple
    charged = Case(
        When(charged_wage__gt=0, then=F("payable") * Least(F("average_wage"), after) / F("charged_wage")),
        default=F("payable"),
    )
    found = rows.aggregate(
        before=Count("pk", filter=Q(average_wage__gt=before)),
        after=Count("pk", filter=Q(average_wage__gt=after)),
        actual=Sum("payable", default=Decimal(0)),
        charged=Sum(charged, default=Decimal(0)),
    )
    return [
        EffectLine(_("按上限计费的单位"), _("户"), found["before"], found["after"]),
        EffectLine(_("应缴费额合计（约）"), _("元"), found["actual"], found["charged"]),
    ]


def _below_ratio(
    change: ParameterChange, rows: QuerySet[Assessment], year: int, old: Decimal, new: Decimal
) -> list[EffectLine]:
    counts = {
        name: Count("pk", filter=Q(outcome__in=LIABLE, credited_months__lt=F("staff_months") * ratio))
        for name, ratio in (("before", old), ("after", new))
    }
    return [EffectLine(_("未达规定比例的单位"), _("户"), **rows.aggregate(**counts))]


def _underpaid(
    change: ParameterChange, rows: QuerySet[Assessment], year: int, old: Decimal, new: Decimal
) -> list[EffectLine]:
    paid = WagePayment.objects.filter(
        employer__region__code__startswith=change.region.prefix,
        month__range=(date(year, 1, 1), date(year, 12, 1)),
    )
    counts = {name: Count("month", filter=Q(amount__lt=wage)) for name, wage in (("before", old), ("after", new))}
    return [EffectLine(_("低于最低工资的发放记录"), _("笔"), **paid.aggregate(**counts))]


LINES = {
    NumberKind.SOCIAL_AVERAGE_WAGE: _capped,
    NumberKind.REQUIRED_RATIO: _below_ratio,
    NumberKind.MINIMUM_WAGE: _underpaid,
}
