"""The slices that failed too often: their employers, the cause, and the cure."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from levy.models import AssessmentRun, AssessmentSlice, SliceState
from levy.models.runs import WORKER_LOST
from quota.models import Employer

SHOWN_SLICES = 100


@dataclass(frozen=True, slots=True)
class PutAside:
    """A slice without a result: its first and last employer, the cause, and the cure."""

    part: AssessmentSlice
    ends: tuple[Employer, Employer]
    reason: str
    cure: str


def put_aside(run: AssessmentRun) -> list[PutAside]:
    """The run's slices in quarantine, at most a hundred; two queries."""
    parts = list(run.slices.filter(state=SliceState.QUARANTINED).order_by("number")[:SHOWN_SLICES])
    employers = Employer.objects.in_bulk([pk for part in parts for pk in (part.first_id, part.last_id)])
    return [PutAside(part, (employers[part.first_id], employers[part.last_id]), *_diagnosis(part)) for part in parts]


def _diagnosis(part: AssessmentSlice) -> tuple[str, str]:
    if part.error == WORKER_LOST:
        return _("计算进程多次意外中止"), _("请检查服务器内存和后台任务日志，排除后作废本批次重新试算。")
    return _("连续计算失败"), _("请按错误种类查后台任务日志，改正区间内单位的数据或地区参数后，作废本批次重新试算。")
