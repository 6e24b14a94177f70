"""核定报告: a run on paper, for the file and for the officers who answer for it. Rebuilt from frozen rows each
time."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.safestring import SafeString

from accounts.models import Region
from design.pdf import Pdf, render_pdf, sheet
from law.amount import AssessmentRules
from levy.models import AssessmentRun
from levy.models.runs import FINAL_STATES
from levy.queries.comparison import region_lines
from levy.queries.totals import RunTotals, largest_changes, outcome_totals, run_sums
from quota.enums import NumberKind

TITLE = "残疾人就业保障金年度核定报告"


@translation.override(settings.LANGUAGE_CODE)
def report_sheet(run: AssessmentRun) -> SafeString:
    """The report as an <article>. The run must have its totals (be in one of COMPUTED_STATES)."""
    region = Region.objects.full_names([run.region_id])[run.region_id]
    outcomes, lines = outcome_totals(run_sums(run)), region_lines(run)
    whole = next((line.payable for line in lines if line.now.code == run.region_id), None)
    context = {
        "run": run,
        "region": region,
        "is_final": run.state in FINAL_STATES,
        "outcomes": outcomes,
        "whole": _whole(outcomes),
        "last_year": whole and whole.before,
        "growth": whole and whole.growth,
        "regions": lines,
        "changes": largest_changes(run),
        "terms": terms_table(run.policy_version.content),
        "slices": run.slices.count(),
    }
    return sheet("levy/_run_report_sheet.html", context)


def report_pdf(run: AssessmentRun) -> Pdf:
    """The report as a file, dated by the run's last step that changed its contents."""
    dated = timezone.localtime(run.confirmed_at or run.finished_at)
    return render_pdf(title=f"{TITLE} {run}", dated=dated, sheets=[report_sheet(run)])


def _whole(outcomes: list[RunTotals]) -> RunTotals:
    whole = RunTotals(code="", label="合计")
    for line in outcomes:
        whole.add(asdict(line))
    return whole


@dataclass(frozen=True, slots=True)
class TermsLine:
    """Numbers and differences that one or several regions share, each with the document that set it."""

    regions: str
    numbers: tuple[dict[str, Any] | None, ...]
    rules: tuple[str, ...]


def terms_table(content: Mapping[str, Any]) -> list[TermsLine]:
    """A policy version for readers: regions with the same terms share one line."""
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
    """Differences from the national rules of assessing; the rules of counting heads are the federation's."""
    return tuple(
        f"{LABELS[name]}：{row['value']}（{row['document']}）"
        for name, row in sorted(terms["settings"].items())
        if name in LABELS
    )


def _listed(names: list[str]) -> str:
    return "、".join(names) if len(names) <= 12 else f"{'、'.join(names[:3])}等{len(names)}个地区"
