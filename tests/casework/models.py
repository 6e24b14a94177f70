"""The sample case, a request about a person: two kinds, five states, a party that may have to add papers."""

from django.conf import settings
from django.db import models

from accounts.permissions import Permission
from audit.workflow import Transition
from casework.case_kinds import CLOSED, CaseKind, PaperKind
from casework.models import Case, CaseQuerySet, case_constraints
from law.deadlines import LegalPeriod, PeriodUnit
from law.statutory_periods import REVIEW_DECISION, REVIEW_DECISION_SIMPLE


class RequestState(models.TextChoices):
    OPEN = "open", "办理中"
    ASKED = "asked", "待补正"
    GRANTED = "granted", "同意"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN, ASKED = frozenset({RequestState.OPEN}), frozenset({RequestState.ASKED})
ENDS = frozenset({RequestState.GRANTED, RequestState.WITHDRAWN})
ASK = Transition("ask", OPEN, RequestState.ASKED, Permission.RUN_ASSESSMENT, "asked", needs_reason=True)
ANSWER = Transition("answer", ASKED, RequestState.OPEN, Permission.FILE_RETURN, "answered")
GRANT = Transition("grant", OPEN, RequestState.GRANTED, Permission.DECIDE_AWARD, CLOSED, not_by=("opened_by",))
WITHDRAW = Transition("withdraw", OPEN | ASKED, RequestState.WITHDRAWN, Permission.FILE_RETURN, CLOSED)

REPORT = PaperKind("report", "书面报告", "某办法第三条")
PLAIN = CaseKind(
    code="plain", label="简易事项", clause="某办法第一条", series="简〔{year}〕{region}-",
    keeps=Permission.RUN_ASSESSMENT, decides=Permission.DECIDE_AWARD, steps=(GRANT,),
    answer=LegalPeriod(15, PeriodUnit.DAY, "某办法第一条"),
)  # fmt: skip
FULL = CaseKind(
    code="full", label="普通事项", clause="某办法第二条", series="普〔{year}〕{region}-",
    keeps=Permission.RUN_ASSESSMENT, decides=Permission.DECIDE_AWARD, party=Permission.FILE_RETURN,
    steps=(ASK, ANSWER, GRANT, WITHDRAW), papers=(REPORT, PaperKind("photo", "照片", is_required=False)),
    answer=REVIEW_DECISION, extension=REVIEW_DECISION_SIMPLE,
)  # fmt: skip


class RequestQuerySet(CaseQuerySet):
    member_path = "applicant"


class Request(Case):
    KINDS = (PLAIN, FULL)
    SUBJECT = "applicant"
    ENDS = ENDS
    WAITS_FOR_PARTY = ASKED

    applicant = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=RequestState, default=RequestState.OPEN)
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = RequestQuerySet.as_manager()

    class Meta(Case.Meta):
        constraints = case_constraints((PLAIN, FULL), ENDS)
