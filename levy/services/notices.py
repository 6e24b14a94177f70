"""Issues notices under numbers without gaps."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Region, User
from accounts.permissions import Permission
from audit.errors import PermissionMissing
from audit.services import record
from design.document_codes import new_code
from levy.errors import NoticeNotPossible
from levy.models import Assessment, Notice
from levy.models.assessments import WITHOUT_FIGURES
from levy.models.runs import FINAL_STATES


@transaction.atomic
def issue_notice(*, assessment: Assessment, actor: User) -> Notice:
    """The notice of a confirmed assessment in force; an existing one is returned unchanged.

    Raises PermissionMissing, NoticeNotPossible.
    """
    if not actor.can(Permission.CONFIRM_ASSESSMENT, assessment.region_id):
        raise PermissionMissing
    lock_series(assessment.region_id)
    issued = Notice.objects.filter(assessment=assessment).first()
    if issued is not None:
        return issued
    _refuse_impossible(assessment)
    (notice,) = issue_numbered(region_code=assessment.region_id, assessments=[assessment], actor=actor)
    record(
        actor=actor,
        action="levy.notice.issue",
        target=notice,
        region_code=assessment.region_id,
        details={"number": notice.number, "assessment": assessment.pk},
    )
    return notice


def _refuse_impossible(assessment: Assessment) -> None:
    if assessment.run.state not in FINAL_STATES:
        raise NoticeNotPossible(_("核定批次尚未经第二人核定，不能签发通知书。"))
    if assessment.outcome in WITHOUT_FIGURES:
        raise NoticeNotPossible(_("该单位资料缺失或者不是征收对象，没有可以通知的费额。"))
    if not Assessment.objects.current().filter(pk=assessment.pk).exists():
        raise NoticeNotPossible(_("该核定已被更正替代，请签发更正后的通知书。"))


def issue_numbered(*, region_code: str, assessments: Iterable[Assessment], actor: User | None) -> list[Notice]:
    """Issue notices for assessments of one region that have none, numbered on from the region's last of the year.

    In the caller's transaction, which must end soon: the region's numbers wait for it.
    """
    lock_series(region_code)
    prefix = f"残核〔{timezone.localdate().year}〕{region_code}-"
    last = (
        Notice.objects.filter(number__startswith=prefix).order_by("-number").values_list("number", flat=True).first()
    )
    following = int(last.removeprefix(prefix)) + 1 if last else 1
    return Notice.objects.bulk_create(
        Notice(
            assessment=assessment,
            number=f"{prefix}{number:06d}",
            verification_code=new_code(),
            issued_by=actor,
        )
        for number, assessment in enumerate(assessments, following)
    )


def lock_series(region_code: str) -> None:
    """Let one transaction at a time number the notices of a region; rows that refer to the region need not wait."""
    list(Region.objects.select_for_update(of=("self",), no_key=True).filter(code=region_code))
