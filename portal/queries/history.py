"""The events of an employer's year, each with the office that acted: an employer deals with offices, not people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEntry
from levy.models import Assessment, AssessmentRun, Notice
from quota.models import Employer, HeadcountReturn

OWN, SYSTEM = _("本单位"), _("系统")
FEDERATION, LEVY_OFFICE, TAX_OFFICE = _("残联"), _("费额核定部门"), _("税务部门")

# The office that acts, by action. The employer does not see actions that are not listed here.
BODIES: Mapping[str, Promise] = {
    "quota.headcountreturn.submit": OWN,
    "quota.headcountreturn.check": SYSTEM,
    "quota.headcountreturn.decide": FEDERATION,
    "quota.headcountreturn.review": FEDERATION,
    "quota.headcountreturn.verify": FEDERATION,
    "quota.headcountreturn.send_back": FEDERATION,
    "quota.headcountreturn.reopen": FEDERATION,
    "levy.assessmentrun.confirm": LEVY_OFFICE,
    "levy.assessmentrun.hand_over": TAX_OFFICE,
    "levy.correction.approve": LEVY_OFFICE,
    "levy.notice.issue": LEVY_OFFICE,
}
REASONS_FOR_THE_EMPLOYER = frozenset(
    {"quota.headcountreturn.decide", "quota.headcountreturn.send_back", "quota.headcountreturn.reopen"}
)


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of components/timeline.html."""

    at: datetime
    who: str
    title: str
    text: str


def history(employer: Employer, levy_year: int, limit: int = 40) -> list[Event]:
    """The newest events of the year, newest first, in one query."""
    of_year = {"employer": employer, "levy_year": levy_year}
    assessments = Assessment.objects.filter(**of_year)
    about = (
        _about(HeadcountReturn.objects.filter(**of_year))
        | _about(AssessmentRun.objects.filter(assessments__in=assessments))
        | _about(Notice.objects.filter(assessment__in=assessments))
        | _about(assessments)
    )
    entries = AuditEntry.objects.filter(about, action__in=BODIES).order_by("-id")[:limit]
    return [
        Event(
            entry.at,
            str(BODIES[entry.action]),
            entry.title,
            entry.reason if entry.action in REASONS_FOR_THE_EMPLOYER else "",
        )
        for entry in entries
    ]


def _about(rows: QuerySet) -> Q:
    """Audit entries about these rows, by the names that the trail uses for them."""
    keys = rows.order_by().annotate(key=Cast("pk", CharField())).values("key")
    return Q(object_type=rows.model._meta.label_lower, object_id__in=keys)
