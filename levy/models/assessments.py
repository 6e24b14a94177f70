"""Each employer's assessment. A row is written once and never edited (promise A7)."""

from collections.abc import Iterable
from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.scoping import RegionScopedQuerySet
from audit.triggers import never, never_truncated
from casework.decisions import ProposalState, TwoPeople, decision_constraints
from law.codes import EntityType
from levy.models.runs import FINAL_STATES, AssessmentRun
from quota.models import Employer
from quota.models.employers import MAX_STAFF, MAX_YUAN
from quota.models.returns import LEVY_YEAR_BOUNDS

NEVER_EDITED = "an assessment is never edited, only superseded"
# Once per statement, not per row: a slice writes 20,000 rows.
RUN_IS_OPEN = """
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT run_id FROM changed) c JOIN levy_assessmentrun run ON run.id = c.run_id
        WHERE run.state IN ('confirmed', 'handed_over')
    ) THEN
        RAISE EXCEPTION 'the run is confirmed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
"""
# An employer is assessed once a year, even if two people act at the same time: this trigger and that of AssessmentRun
# take one lock per levy year (promise A4).
SUPPLEMENT_ONCE = """
    SELECT * INTO supplement FROM levy_assessment WHERE id = NEW.new_id;
    PERFORM pg_advisory_xact_lock(hashtext('levy supplement'), supplement.levy_year);
    IF EXISTS (
        SELECT 1 FROM levy_assessment a JOIN levy_assessmentrun run ON run.id = a.run_id
        LEFT JOIN levy_supersession s ON s.new_id = a.id AND s.old_id IS NULL
        WHERE a.employer_id = supplement.employer_id AND a.levy_year = supplement.levy_year AND a.id <> supplement.id
            AND (run.state IN ('confirmed', 'handed_over') OR s.id IS NOT NULL)
    ) THEN
        RAISE EXCEPTION 'the employer is assessed, or about to be' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
"""


def _open_run(operation: pgtrigger.Operation, changed: pgtrigger.Referencing, name: str) -> pgtrigger.Trigger:
    """Refuse every row that would join or leave a confirmed run."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=operation,
        level=pgtrigger.Statement,
        referencing=changed,
        func=RUN_IS_OPEN,
    )


class OutcomeCode(models.TextChoices):
    """The outcomes of law.amount.Outcome under the names of the levy list."""

    MET = "met", _("已达比例")
    EXEMPT = "exempt", _("免征")
    HALF = "half", _("减半")
    NINETY = "ninety", _("九折")
    FULL = "full", _("全额")
    MISSING = "missing", _("资料缺失")
    NOT_LIABLE = "not_liable", _("非征收对象")

    @property
    def tone(self) -> str:
        return OUTCOME_TONES[self]


OUTCOME_TONES = {
    OutcomeCode.MET: "ok",
    OutcomeCode.EXEMPT: "off",
    OutcomeCode.HALF: "done",
    OutcomeCode.NINETY: "done",
    OutcomeCode.FULL: "done",
    OutcomeCode.MISSING: "bad",
    OutcomeCode.NOT_LIABLE: "off",
}


WITHOUT_FIGURES = [OutcomeCode.MISSING, OutcomeCode.NOT_LIABLE]
MONEY = {"max_digits": 16, "decimal_places": 2, "null": True}
FIGURES = ["staff_months", "credited_months", "average_wage", "charged_wage", "gross", "relief", "payable"]


class AssessmentQuerySet(RegionScopedQuerySet):
    member_path = "employer__memberships__user"

    def current(self) -> "AssessmentQuerySet":
        """Confirmed and not superseded: the amounts that employers owe today."""
        return self.filter(run__state__in=FINAL_STATES).filter(
            Q(superseded_by=None) | Q(superseded_by__approved_at=None)
        )


class Assessment(models.Model):
    """The inputs and figures of one employer in one run. Steps are rebuilt from them and the run's policy version.

    `declared_staff_months` and `total_wages` are before dispatch transfers, `staff_months` and `credited_months` after
    them. All are before any rounding of heads: the explanation has the figures behind the amount.
    """

    run = models.ForeignKey(AssessmentRun, on_delete=models.PROTECT, related_name="assessments", db_index=False)
    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="assessments")
    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    region = models.ForeignKey(
        Region, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    entity_type = models.CharField(_("单位类型"), max_length=24)
    registered_on = models.DateField(_("登记日期"), null=True)
    outcome = models.CharField(_("结果"), max_length=12, choices=OutcomeCode)
    declared_staff_months = models.PositiveIntegerField(_("申报职工人月"), null=True)
    is_registered_staff = models.BooleanField(_("按税务登记"), default=False)
    total_wages = models.DecimalField(_("在职职工工资总额"), **MONEY)
    transferred_staff_months = models.IntegerField(_("派遣转入职工人月"), default=0)
    staff_months = models.PositiveIntegerField(_("职工人月"), null=True)
    credited_months = models.PositiveIntegerField(_("安排人月"), null=True)
    average_wage = models.DecimalField(_("年平均工资"), **MONEY)
    charged_wage = models.DecimalField(_("计费工资"), **MONEY)
    gross = models.DecimalField(_("应纳费额"), **MONEY)
    relief = models.DecimalField(_("减免费额"), **MONEY)
    payable = models.DecimalField(_("应缴费额"), **MONEY)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["run", "region", "employer"]
        verbose_name = _("核定结果")
        verbose_name_plural = _("核定结果")
        triggers = [
            never(pgtrigger.Update, NEVER_EDITED, name="frozen", level=pgtrigger.Statement),
            never_truncated(NEVER_EDITED),
            _open_run(pgtrigger.Insert, pgtrigger.Referencing(new="changed"), "joins_open_run"),
            _open_run(pgtrigger.Delete, pgtrigger.Referencing(old="changed"), "leaves_open_run"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "employer"], name="one_assessment_per_run"),
            models.CheckConstraint(condition=LEVY_YEAR_BOUNDS, name="assessment_levy_year_bounds"),
            models.CheckConstraint(condition=Q(entity_type__in=EntityType.values()), name="assessment_entity_known"),
            models.CheckConstraint(
                condition=Q(outcome__in=WITHOUT_FIGURES, **{f"{name}__isnull": True for name in FIGURES})
                | (
                    Q(outcome__in=[o for o in OutcomeCode if o not in WITHOUT_FIGURES])
                    & Q(staff_months__range=(0, 12 * MAX_STAFF), credited_months__range=(0, 24 * MAX_STAFF))
                    & Q(average_wage__range=(0, MAX_YUAN), charged_wage__range=(0, MAX_YUAN))
                    & Q(gross__range=(0, MAX_YUAN), relief__range=(0, MAX_YUAN), payable__range=(0, MAX_YUAN))
                ),
                name="assessment_figures_bounds",
            ),
            models.CheckConstraint(
                condition=Q(payable=None) | Q(payable=F("gross") - F("relief")), name="assessment_adds_up"
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=[OutcomeCode.MET, OutcomeCode.EXEMPT]) | Q(payable=Decimal(0)),
                name="assessment_nothing_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer} {self.levy_year}"

    @property
    def status(self) -> OutcomeCode:
        return OutcomeCode(self.outcome)


class SupersessionQuerySet(RegionScopedQuerySet):
    region_path = "old__region"
    member_path = "new__employer__memberships__user"

    def _below(self, prefixes: Iterable[str]) -> Q:
        """A supplement has no older row, so the region of its assessment counts."""
        inside = super()._below(prefixes)
        for prefix in prefixes:
            inside |= Q(old=None, new__region__code__startswith=prefix)
        return inside


class CorrectionState(models.TextChoices):
    """The states of a correction. A refused one leaves no row, only its trail."""

    WAITING = "waiting", _("待批准")
    APPROVED = "approved", _("已更正")
    SUPPLEMENTED = "supplemented", _("已补充核定")

    @property
    def tone(self) -> str:
        return "warn" if self == CorrectionState.WAITING else "ok"


class Supersession(TwoPeople):
    """A confirmed assessment replaced by a new one, in force once a second person has approved; both stay.

    A supplement (补充核定) has no `old`: it assesses an employer that its region's confirmed run does not hold. The
    database keeps an employer from being assessed twice that way (promise A4).
    """

    class Ground(models.TextChoices):
        CORRECTION = "correction", _("更正")
        OBJECTION = "objection", _("异议")
        AUDIT = "audit", _("检查")
        REFUND = "refund", _("退费")
        SUPPLEMENT = "supplement", _("补充核定")

    old = models.OneToOneField(Assessment, null=True, on_delete=models.PROTECT, related_name="superseded_by")
    new = models.OneToOneField(Assessment, on_delete=models.PROTECT, related_name="supersedes")
    ground = models.CharField(_("事由"), max_length=12, choices=Ground)
    reason = models.TextField(_("理由"))
    state = models.CharField(_("状态"), max_length=12, choices=ProposalState, default=ProposalState.PROPOSED)

    objects = SupersessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("更正")
        verbose_name_plural = _("更正")
        triggers = [
            pgtrigger.Trigger(
                name="supplement_once",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("approved_at"),
                condition=pgtrigger.Q(new__old__isnull=True),
                declare=[("supplement", "levy_assessment")],
                func=SUPPLEMENT_ONCE,
            )
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(old=F("new")), name="supersession_two_rows"),
            *decision_constraints("supersession", stamps={"proposed": (), "approved": ("approved",)}),
            models.CheckConstraint(condition=~Q(reason=""), name="supersession_has_reason"),
            models.CheckConstraint(
                condition=Q(old=None, ground="supplement") | (Q(old__isnull=False) & ~Q(ground="supplement")),
                name="supplement_has_no_older_row",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old_id} {self.new_id}"

    def get_absolute_url(self) -> str:
        return reverse("levy:correction", args=[self.pk])

    @property
    def status(self) -> CorrectionState:
        if not self.approved_at:
            return CorrectionState.WAITING
        return CorrectionState.APPROVED if self.old_id else CorrectionState.SUPPLEMENTED

    @property
    def subject(self) -> Assessment:
        """The replaced assessment, or the first one of a supplement: it gives the employer and region of the case."""
        return self.old or self.new

    @property
    def difference(self) -> Decimal | None:
        """The additional amount (+) or reduction (−), for a supplement the whole amount; None where one side has no
        figures."""
        before = self.old.payable if self.old else Decimal("0.00")
        return None if before is None or self.new.payable is None else self.new.payable - before
