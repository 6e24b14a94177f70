"""The returns of employers: the year's staff and wages, and the disabled people they placed."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from accounts.identity import decrypt
from accounts.models import User
from accounts.permissions import Permission
from accounts.scoping import RegionScopedQuerySet
from design.law_words import choices_of
from law.codes import CertificateKind, EmploymentForm
from law.counting import answer_by, staff_months
from law.identifiers import mask_identity
from quota.enums import TOLD, ReturnSource, ReturnState
from quota.models.employers import MAX_STAFF, MAX_YUAN, Employer
from quota.models.provenance import FROM_FILE

FIRST_LEVY_YEAR = 2015
LAST_LEVY_YEAR = 2100
LEVY_YEAR_BOUNDS = Q(levy_year__range=(FIRST_LEVY_YEAR, LAST_LEVY_YEAR))
# Without an index: no query looks for these rows by a person, and an index would slow down every change.
BY_PERSON: dict[str, Any] = {"null": True, "on_delete": models.PROTECT, "related_name": "+", "db_index": False}

TWELVE = "array_length(%(expressions)s, 1) = 12 AND array_position(%(expressions)s, NULL) IS NULL"


class Holds(Func):
    """Constraint on an array column: twelve numbers without a gap that also meet `condition`."""

    output_field = models.BooleanField()

    def __init__(self, field: str, condition: str, **extra: Any) -> None:
        super().__init__(F(field), template=f"{TWELVE} AND {condition}", **extra)

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, Sequence[Any]]:
        """The form's check puts the value in the column's place, which occurs several times in the template."""
        sql, parameters = super().as_sql(*args, **kwargs)
        return sql, [*parameters] * self.extra["template"].count("%(expressions)s")


class FiledQuerySet(RegionScopedQuerySet):
    region_path = "employer__region"
    member_path = "employer__memberships__user"

    def counted_within_right(self, user: User, *permissions: Permission) -> Self:
        """The rows of `within_right`, for counts: without a join if every employer is inside the person's region."""
        prefixes = {prefix for one in permissions for prefix in user.prefixes(one)}
        if len(prefixes) == 1 and Employer.objects.are_all_below(*prefixes):
            return self.all()
        return self.within_right(user, *permissions)


class ReturnQuerySet(FiledQuerySet):
    def in_force(self) -> "ReturnQuerySet":
        """The one return of each employer and year that counts."""
        return self.filter(is_in_force=True)


class HeadcountReturn(models.Model):
    """One filing of one employer for one levy year. A corrected filing is a new row; `is_in_force` marks the one that
    counts. A constraint ties each state to its time stamp."""

    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="returns")
    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    filed_on = models.DateField(_("申报日期"), null=True, blank=True)
    is_late = models.BooleanField(_("逾期申报"), default=False)
    is_in_force = models.BooleanField(default=False)
    source = models.CharField(_("申报途径"), max_length=8, choices=ReturnSource)
    file = models.ForeignKey(**FROM_FILE)
    staff_by_month = ArrayField(models.PositiveIntegerField(), size=12, verbose_name=_("各月在职职工人数"))
    staff_months = models.PositiveIntegerField(_("在职职工人月"))
    total_wages = models.DecimalField(_("在职职工工资总额"), max_digits=16, decimal_places=2)
    # Edits of a return that was sent back; the declared values stay in force until it is submitted again.
    draft_staff_by_month = ArrayField(models.PositiveIntegerField(), size=12, null=True, blank=True)
    draft_total_wages = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    version = models.PositiveIntegerField(default=1)  # compared and raised by every save (promise A8)

    state = models.CharField(_("状态"), max_length=12, choices=ReturnState, default=ReturnState.DRAFT)
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, **BY_PERSON)
    checked_at = models.DateTimeField(_("核对时间"), null=True, blank=True)
    reviewed_at = models.DateTimeField(_("初审时间"), null=True, blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, **BY_PERSON)
    verified_at = models.DateTimeField(_("复审时间"), null=True, blank=True)
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, **BY_PERSON)
    sent_back_at = models.DateTimeField(_("退回时间"), null=True, blank=True)
    sent_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, **BY_PERSON)
    sent_back_reason = models.TextField(_("退回理由"), blank=True)
    reopened_at = models.DateTimeField(_("重新认定时间"), null=True, blank=True)
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, **BY_PERSON)
    claimed_months = models.PositiveIntegerField(_("申报人月"), default=0)
    computed_months = models.PositiveIntegerField(_("核算人月"), default=0)
    has_findings = models.BooleanField(_("有疑点"), default=False)

    objects = ReturnQuerySet.as_manager()

    class Meta:
        ordering = ["-levy_year", "employer", "-filed_on"]
        verbose_name = _("年度申报")
        verbose_name_plural = _("年度申报")
        indexes = [
            models.Index(fields=["levy_year", "state", "employer"], name="return_queue"),
            # The two orders of the queue, so that a page and the next case of a whole province are quick.
            models.Index(
                fields=["levy_year", "state", "filed_on", "id"],
                condition=Q(is_in_force=True),
                name="return_queue_by_day",
            ),
            models.Index(
                F("levy_year"),
                F("state"),
                F("computed_months") - F("claimed_months"),
                F("id"),
                condition=Q(is_in_force=True),
                name="return_queue_by_difference",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "levy_year"], condition=Q(is_in_force=True), name="one_return_in_force"
            ),
            models.UniqueConstraint(
                fields=["employer", "levy_year"], condition=Q(state=ReturnState.DRAFT), name="one_draft_return"
            ),
            models.UniqueConstraint(
                fields=["employer", "levy_year", "filed_on"],
                condition=Q(source=ReturnSource.FILE),
                name="one_loaded_return_per_day",
            ),
            models.CheckConstraint(condition=LEVY_YEAR_BOUNDS, name="return_levy_year_bounds"),
            models.CheckConstraint(
                condition=Q(Holds("staff_by_month", f"{MAX_STAFF} >= ALL(%(expressions)s)")),
                name="return_twelve_months",
            ),
            models.CheckConstraint(
                condition=Q(total_wages__range=(0, MAX_YUAN)),
                name="return_total_wages_bounds",
                violation_error_message=_("工资总额应在0元至10万亿元之间。"),
            ),
            models.CheckConstraint(
                condition=Q(state=ReturnState.DRAFT) | Q(filed_on__isnull=False), name="return_filed_has_date"
            ),
            models.CheckConstraint(
                condition=Q(is_in_force=False) | ~Q(state__in=[ReturnState.DRAFT, ReturnState.REPLACED]),
                name="return_in_force_is_filed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ReturnState.REVIEWED, ReturnState.VERIFIED])
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
                name="return_reviewed_has_reviewer",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReturnState.VERIFIED) | Q(verified_at__isnull=False, verified_by__isnull=False),
                name="return_verified_has_verifier",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReturnState.VERIFIED) | ~Q(verified_by=F("reviewed_by")),
                name="return_two_people",
                violation_error_message=_("复审须由另一人办理。"),
            ),
            models.CheckConstraint(
                condition=~Q(state=ReturnState.SENT_BACK) | (Q(sent_back_at__isnull=False) & ~Q(sent_back_reason="")),
                name="return_sent_back_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer} {self.levy_year}"

    @property
    def status(self) -> ReturnState:
        return ReturnState(self.state)

    @property
    def is_told(self) -> bool:
        """True once the employer may read what the checks found: an officer has verified the return, or sent it back
        (docs/decisions/0017)."""
        return self.state in TOLD

    @property
    def typed_staff_by_month(self) -> list[int]:
        """The numbers to edit: the draft's, or the declared ones if there is no draft."""
        return self.staff_by_month if self.draft_staff_by_month is None else self.draft_staff_by_month

    @property
    def typed_staff_months(self) -> int:
        return staff_months(self.typed_staff_by_month)

    @property
    def typed_total_wages(self) -> Decimal:
        return self.total_wages if self.draft_total_wages is None else self.draft_total_wages

    @property
    def answer_by(self) -> date | None:
        """The last day on which the return keeps its filing day, if it was sent back."""
        return answer_by(localdate(self.sent_back_at)) if self.sent_back_at else None

    @property
    def receipt_number(self) -> str:
        """受理号: county, filing year and the return's own number."""
        return f"SB-{self.employer.region_id}-{self.levy_year + 1}-{self.pk:06d}"


class PlacementTerms(models.Model):
    """An employer's statements about one disabled person and one contract."""

    name = models.CharField(_("姓名"), max_length=60)
    person_key = models.UUIDField()
    identity_encrypted = models.BinaryField()
    born_on = models.DateField(_("出生日期"))
    is_female = models.BooleanField(_("女"))
    certificate_kind = models.CharField(_("证件类型"), max_length=20, choices=choices_of(CertificateKind))
    certificate_key = models.UUIDField()
    certificate_encrypted = models.BinaryField()
    form = models.CharField(_("用工形式"), max_length=16, choices=choices_of(EmploymentForm))
    contract_start = models.DateField(_("合同开始"))
    contract_end = models.DateField(_("合同结束"), null=True, blank=True)
    post = models.CharField(_("岗位"), max_length=60, blank=True)
    # Typed by the employer, not loaded by an office: the name must be the certificate holder's.
    is_typed = models.BooleanField(default=False, db_default=False)

    class Meta:
        abstract = True

    @property
    def masked_identity(self) -> str:
        """The identity number as pages show it (law.identifiers.mask_identity)."""
        return mask_identity(decrypt(self.identity_encrypted))


CONTRACT_KEY = ["person_key", "certificate_kind", "certificate_key", "form", "contract_start", "contract_end"]


def contract_of(row: PlacementTerms) -> tuple[Any, ...]:
    """The key of a contract: two rows with one key are the same contract of the same person."""
    return tuple(getattr(row, name) for name in CONTRACT_KEY)


class CertificateTry(models.Model):
    """A certificate number that an employer typed for a person on one day, kept whatever became of the row.

    `is_unknown`: the register has no such certificate of this name. Only operators and officers may learn it.
    """

    employer = models.ForeignKey(Employer, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    person_key = models.UUIDField()
    certificate_key = models.UUIDField()
    is_unknown = models.BooleanField()

    class Meta:
        verbose_name = _("填写的证件号码")
        verbose_name_plural = _("填写的证件号码")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "employer", "person_key", "certificate_key"], name="one_try_per_person_and_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.day}"


class Placement(PlacementTerms):
    """One disabled person, one contract, one levy year, as the employer declared it."""

    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="placements")
    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    file = models.ForeignKey(**FROM_FILE)

    objects = FiledQuerySet.as_manager()

    class Meta:
        ordering = ["employer", "levy_year", "pk"]
        verbose_name = _("残疾职工")
        verbose_name_plural = _("残疾职工")
        indexes = [models.Index(fields=["levy_year", "person_key"], name="placement_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "levy_year", *CONTRACT_KEY],
                nulls_distinct=False,
                name="one_placement_per_contract",
                violation_error_message=_("同一人的同一份合同已填写。"),
            ),
            models.CheckConstraint(condition=LEVY_YEAR_BOUNDS, name="placement_levy_year_bounds"),
            models.CheckConstraint(
                condition=Q(contract_end=None) | Q(contract_end__gte=F("contract_start")),
                name="placement_contract_order",
                violation_error_message=_("合同结束日期不能早于开始日期。"),
            ),
            models.CheckConstraint(condition=Q(form__in=EmploymentForm.values()), name="placement_form_known"),
        ]

    def __str__(self) -> str:
        return f"{self.employer} {self.levy_year} {self.get_form_display()}"


class DraftPlacement(PlacementTerms):
    """A placement in an unsubmitted return; submitting makes it one of the year's (services.filing)."""

    headcount_return = models.ForeignKey(HeadcountReturn, on_delete=models.CASCADE, related_name="draft_placements")

    class Meta:
        ordering = ["headcount_return", "pk"]
        verbose_name = _("残疾职工（草稿）")
        verbose_name_plural = _("残疾职工（草稿）")
        constraints = [
            models.UniqueConstraint(
                fields=["headcount_return", *CONTRACT_KEY],
                nulls_distinct=False,
                name="one_draft_placement_per_contract",
                violation_error_message=_("同一人的同一份合同已填写。"),
            ),
            models.CheckConstraint(
                condition=Q(contract_end=None) | Q(contract_end__gte=F("contract_start")),
                name="draft_placement_contract_order",
                violation_error_message=_("合同结束日期不能早于开始日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.headcount_return} {self.get_form_display()}"
