"""The stages of a run."""

from django.utils.translation import gettext as _

from design.stages import Stage, in_order, noted_at
from levy.models import AssessmentRun
from levy.models.runs import RunState


def run_stages(run: AssessmentRun) -> list[Stage]:
    """试算 核对 核定 移交 of a run, each with its day."""
    order = [RunState.DRAFT, RunState.CHECKED, RunState.CONFIRMED, RunState.HANDED_OVER]
    reached = order.index(RunState(run.state)) if run.state in order else -1
    done = [place <= reached for place in range(len(order))]
    days = [run.finished_at, run.checked_at, run.confirmed_at, run.handed_over_at]
    notes = [noted_at(day) if is_done else "" for day, is_done in zip(days, done, strict=True)]
    return in_order([_("试算"), _("核对"), _("核定"), _("移交")], done, notes)
