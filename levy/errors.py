"""Refusals of this app that a user can act on."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError

if TYPE_CHECKING:
    from levy.models import AssessmentRun


class RunAlreadyLive(DomainError):
    """Another run of the year covers part of the region (promise A4)."""

    code = "run_already_live"
    message = _("本年度该地区已有正在进行的核定批次，请先完成或作废该批次。")

    def __init__(self, run_id: int, message: str | None = None) -> None:
        self.run_id = run_id
        super().__init__(message)


class RunAlreadyConfirmed(RunAlreadyLive):
    """The year is confirmed for part of the region: nothing is in progress that could be finished or discarded."""

    def __init__(self, run: "AssessmentRun") -> None:
        words = _(
            "%(region)s%(year)s年度已核定（批次%(run)s），不能重复核定。已核定的费额有误的，从单位年度页提出更正；"
            "核定以后才登记或者迁入的单位不在该批次内，从单位年度页提出补充核定。"
        )
        super().__init__(run.pk, str(words) % {"region": run.region, "year": run.levy_year, "run": run})


class AssessedElsewhere(DomainError):
    """Employers of the run have become assessed in another run of the year (promise A4)."""

    code = "assessed_elsewhere"

    def __init__(self, count: int, names: Iterable[str]) -> None:
        words = _(
            "本批次中%(count)s户已在其他批次核定（如%(names)s），不能重复核定。请作废本批次后重新试算，这些单位不再列入。"
        )
        super().__init__(str(words) % {"count": count, "names": str(_("、")).join(names)})


class ParametersMissing(DomainError):
    code = "parameters_missing"
    message = _("缺少地区参数，不能计算。")


class RunIncomplete(DomainError):
    code = "run_incomplete"
    message = _("批次尚有未完成或已隔离的分片，不能核定。")


class CorrectionPending(DomainError):
    code = "correction_pending"
    message = _("该核定结果已有更正在办理，或已被更正替代。")


class AlreadyAssessed(DomainError):
    """A supplement is only for an employer that no run has assessed: an employer owes a year once (promise A4)."""

    code = "already_assessed"
    message = _("本单位本年度已经核定，或者已有补充核定待批准。费额有误的，请提出更正。")


class NothingToCorrect(DomainError):
    """Today's facts give the figures already in force."""

    code = "nothing_to_correct"
    message = _("按目前的申报和认定计算，结果与现行核定相同，无需更正。")


class CorrectionChanged(DomainError):
    """The correction has changed since the page on which the person decided (promise A10)."""

    code = "correction_changed"
    message = _("更正的内容或依据刚有变化，请查看最新内容后再办理。")


class CorrectionStale(DomainError):
    """The facts changed again after the correction was computed."""

    code = "correction_stale"
    message = _("提出更正后，申报或认定又有变动。请不批准本次更正，按最新情况重新提出。")


class HeadcountReopened(DomainError):
    """The federation has withdrawn the certificate without issuing another: until then no placed person would
    count."""

    code = "headcount_reopened"
    message = _("残联正在重新认定本单位的安排人数，现在更正会把安排人数算作0。请等重新认定后再提出。")


class AgencyReopened(DomainError):
    """The same for an agency: until it is verified again, none of its people would count at the host."""

    code = "agency_reopened"
    message = _(
        "残联正在重新认定向本单位派遣职工的派遣单位，现在更正会把派遣来的安排人数算作0。请等重新认定后再提出。"
    )


class TotalsDisagree(DomainError):
    """The sum of the rows is not the sum of the slices: nothing is confirmed (promise A1)."""

    code = "totals_disagree"
    message = _("明细合计与分片合计不一致，不能核定。请重新试算并报告管理员。")


class NoticeNotPossible(DomainError):
    """A notice is only for a confirmed assessment in force that has figures."""

    code = "notice_not_possible"
    message = _("该核定结果不能签发通知书。")


class BatchAlreadyWorking(DomainError):
    code = "batch_already_working"
    message = _("本批次的通知书正在生成，请等待完成。")


class NothingToPrint(DomainError):
    code = "nothing_to_print"
    message = _("本批次没有应缴费额大于0的单位，无需打印通知书。")


class RegionRefused(DomainError):
    """The division cannot be added, renamed or retired; the message gives the obstacle."""

    code = "region_refused"
    message = _("不能这样登记。")


class RegionPending(DomainError):
    code = "region_pending"
    message = _("该行政区划已有变更待批准，请先批准或者不批准。")


class ParameterRefused(DomainError):
    """A name, value or period that no dated row can have."""

    code = "parameter_refused"
    message = _("不能这样登记。")


class ParameterPending(DomainError):
    code = "parameter_pending"
    message = _("该地区的这一参数已有变更待批准，请先批准或者不批准。")


class ParameterChanged(DomainError):
    """The register has changed since the page on which the person decided (promise A10)."""

    code = "parameter_changed"
    message = _("登记的数值刚有变化，请查看最新内容后再办理。")
