"""核定报告: a run on paper, for the file and for whoever has to answer for it. Rebuilt from frozen rows each time."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone, translation
from django.utils.safestring import SafeString

from accounts.models import Region
from accounts.pdf import Pdf, render_pdf, sheet
from levy.models import Assessment, AssessmentRun, RunState
from levy.models.assessments import OutcomeCode
from levy.models.runs import FINAL_STATES
from levy.rules import AssessmentRules
from levy.services.totals import Totals, largest_changes, outcome_totals, region_totals
from quota.enums import NumberKind

TITLE = "残疾人就业保障金年度核定报告"
CHANGES_SHOWN = 20
REPORTABLE = [RunState.DRAFT, RunState.CHECKED, *FINAL_STATES]
PAYING = {OutcomeCode.HALF, OutcomeCode.NINETY, OutcomeCode.FULL}


@translation.override(settings.LANGUAGE_CODE)
def report_sheet(run: AssessmentRun) -> SafeString:
    """The report as an <article>. The run must have its totals (one of REPORTABLE)."""
    region = Region.objects.full_names([run.region_id])[run.region_id]
    outcomes = outcome_totals(run)
    last_year = _last_year(run)
    context = {
        "run": run,
        "region": region,
        "is_final": run.state in FINAL_STATES,
        "outcomes": outcomes,
        "whole": _whole(outcomes),
        "paying": sum(line.employers for line in outcomes if line.code in PAYING),
        "missing": sum(line.employers for line in outcomes if line.code == OutcomeCode.MISSING),
        "last_year": last_year.get(run.region_id),
        "growth": _growth(run.payable_total, last_year.get(run.region_id)),
        "regions": [_beside_last_year(line, last_year) for line in region_totals(run)],
        "changes": largest_changes(run, CHANGES_SHOWN),
        "terms": terms_table(run.policy_version.content),
        "slices": run.slices.count(),
    }
    return sheet("levy/_run_report_sheet.html", context)


def report_pdf(run: AssessmentRun) -> Pdf:
    """The report as a file, dated by the run's last step that changed what it says."""
    dated = timezone.localtime(run.confirmed_at or run.finished_at)
    return render_pdf(title=f"{TITLE} {run}", dated=dated, sheets=[report_sheet(run)])


def _whole(outcomes: list[Totals]) -> Totals:
    whole = Totals(code="", label="合计")
    for line in outcomes:
        whole.add({name: getattr(line, name) for name in ("employers", *SUMMED)})
    return whole


SUMMED = ("staff_months", "credited_months", "gross", "relief", "payable")


def _last_year(run: AssessmentRun) -> dict[str, Decimal]:
    """What each region and those above it were due the year before; nothing where the year was not assessed."""
    rows = Assessment.objects.current().in_region(run.region_id).filter(levy_year=run.levy_year - 1)
    due: dict[str, Decimal] = {}
    for code, payable in rows.order_by().values_list("region_id").annotate(Sum("payable", default=0)):
        for above in Region(code=code).lineage():
            due[above] = due.get(above, Decimal(0)) + payable
    return due


def _growth(now: Decimal, before: Decimal | None) -> Decimal | None:
    return (now - before) / before if before else None


@dataclass(frozen=True, slots=True)
class RegionLine:
    """A region's totals beside what it was due the year before."""

    totals: Totals
    last_year: Decimal | None
    growth: Decimal | None


def _beside_last_year(totals: Totals, last_year: Mapping[str, Decimal]) -> RegionLine:
    before = last_year.get(totals.code)
    return RegionLine(totals, before, _growth(totals.payable, before))


@dataclass(frozen=True, slots=True)
class TermsLine:
    """Numbers and differences that one or several regions share, each with the document that set it."""

    regions: str
    numbers: tuple[dict[str, Any] | None, ...]
    rules: tuple[str, ...]


def terms_table(content: Mapping[str, Any]) -> list[TermsLine]:
    """A policy version as people read it: regions with the same terms are one line."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for code, terms in content["regions"].items():
        groups.setdefault((_numbers(terms), _rules(terms)), []).append(code)
    names = Region.objects.in_bulk([code for codes in groups.values() for code in codes])
    return [
        TermsLine(
            _listed([names[code].name for code in codes]), tuple(dict(row) if row else None for row in shown), rules
        )
        for (shown, rules), codes in groups.items()
    ]


def _numbers(terms: Mapping[str, Any]) -> tuple[Any, ...]:
    kinds = (NumberKind.REQUIRED_RATIO, NumberKind.SOCIAL_AVERAGE_WAGE)
    return tuple(tuple(sorted(terms[kind].items())) if kind in terms else None for kind in kinds)


LABELS = {rule.name: rule.metadata["label"] for rule in fields(AssessmentRules)}


def _rules(terms: Mapping[str, Any]) -> tuple[str, ...]:
    """Differences from the national way of assessing; those of counting heads are the federation's affair."""
    return tuple(
        f"{LABELS[name]}：{row['value']}（{row['document']}）"
        for name, row in sorted(terms["settings"].items())
        if name in LABELS
    )


def _listed(names: list[str]) -> str:
    return "、".join(names) if len(names) <= 12 else f"{'、'.join(names[:3])}等{len(names)}个地区"
