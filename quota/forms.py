"""Forms of the employer's filing and of the federation's verification."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Region, User
from accounts.permissions import Permission
from casework.forms import ReasonForm
from design.fields import CountField, MoneyField, NameField
from design.law_words import choices_of, translated
from exchange.engine.cells import FIRST_DAY, LAST_DAY
from law.codes import CertificateKind, EmploymentForm, EntityType
from law.counting import MONTHS, Reason
from law.identifiers import IdentifierError, check_certificate_number, check_identity_number
from quota import names
from quota.enums import DecisionReason
from quota.models import DraftPlacement, HeadcountReturn, Placement, PlacementCheck
from quota.models.employers import MAX_STAFF, MAX_YUAN
from quota.models.returns import FIRST_LEVY_YEAR
from quota.queries.verification import decision_seen
from quota.services.filing import PlacementInput

DATE_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"]
OUT_OF_BOUNDS = _("日期应在1900年至2199年之间。")
ALL = ("", _("全部"))
YEARS_SHOWN = 3


def levy_years() -> list[tuple[int, str]]:
    """Years that may be filed by now, newest first."""
    return [(year, str(year)) for year in range(timezone.localdate().year - 1, FIRST_LEVY_YEAR - 1, -1)]


def recent_years() -> list[int]:
    """The years on an employer's own page."""
    return [year for year, _label in levy_years()[:YEARS_SHOWN]]


class VersionForm(forms.Form):
    """Carries the version of the draft that the person saw (promise A8)."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class ReturnForm(VersionForm):
    """Twelve staff numbers and the year's wages."""

    total_wages = MoneyField(
        label=_("在职职工工资总额"), maximum=MAX_YUAN, help_text=_("全年实际支付的工资总额，按国家统计局口径。")
    )

    def __init__(self, *args: Any, before: HeadcountReturn | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = before
        for month in range(1, MONTHS + 1):
            label = _("%(month)s月") % {"month": month}
            hint = _("上年%(people)s人") % {"people": f"{before.staff_by_month[month - 1]:,}"} if before else ""
            self.fields[f"staff_{month}"] = CountField(label=label, unit=_("人"), maximum=MAX_STAFF, help_text=hint)
        self.order_fields([name for name in self.fields if name != "total_wages"])  # the page's order, for errors too
        if before:
            hint = _("全年实际支付的工资总额，按国家统计局口径。上年%(wages)s元。")
            self.fields["total_wages"].help_text = hint % {"wages": f"{before.total_wages:,.2f}"}

    @classmethod
    def of(cls, draft: HeadcountReturn, before: HeadcountReturn | None = None) -> "ReturnForm":
        numbers = {f"staff_{month}": number for month, number in enumerate(draft.typed_staff_by_month, start=1)}
        if not draft.typed_staff_months:
            numbers = {}
        initial = {"version": draft.version, "total_wages": draft.typed_total_wages or None, **numbers}
        return cls(initial=initial, before=before)

    @classmethod
    def still_typing(cls, typed: QueryDict, before: HeadcountReturn | None = None) -> "ReturnForm":
        """Redisplay the values without validating them; `same_staff` fills every month."""
        initial = {name: typed.get(name, "") for name in cls().fields}
        if same := typed.get("same_staff", "").strip():
            initial |= {f"staff_{month}": same for month in range(1, MONTHS + 1)}
        return cls(initial=initial, before=before)

    def staff_fields(self) -> list[forms.BoundField]:
        """The twelve boxes, January first."""
        return [self[f"staff_{month}"] for month in range(1, MONTHS + 1)]

    def numbers(self) -> dict[str, Any]:
        """The arguments of services.filing.save_return, once the form is valid."""
        return {
            "version": self.cleaned_data["version"],
            "staff_by_month": [self.cleaned_data[f"staff_{month}"] for month in range(1, MONTHS + 1)],
            "total_wages": self.cleaned_data["total_wages"],
        }


class ContractDayField(forms.DateField):
    """A day within the same bounds as in a file: the rules add a year to it."""

    default_validators = (
        MinValueValidator(FIRST_DAY, OUT_OF_BOUNDS),
        MaxValueValidator(LAST_DAY, OUT_OF_BOUNDS),
    )


class PlacementForm(VersionForm):
    """One disabled person under one contract. For a person already on the list, an empty number stays unchanged."""

    name = NameField(label=_("姓名"), max_length=60, help_text=_("与证件上的姓名一致。"))
    identity_number = forms.CharField(label=_("身份证号"), max_length=24)
    certificate_kind = forms.ChoiceField(label=_("证件类型"), choices=choices_of(CertificateKind))
    certificate_number = forms.CharField(
        label=_("证件号码"), max_length=48, help_text=_("残疾人证号为20位，换领过的另有B和次数。")
    )
    form = forms.ChoiceField(label=_("用工形式"), choices=choices_of(EmploymentForm))
    contract_start = ContractDayField(
        label=_("合同开始"), input_formats=DATE_FORMATS, help_text=_("如2025-03-01。在编人员填写入职日期。")
    )
    contract_end = ContractDayField(
        label=_("合同结束"), input_formats=DATE_FORMATS, required=False, help_text=_("无固定期限的不填。")
    )
    post = NameField(label=_("岗位"), max_length=60, required=False)

    def __init__(self, *args: Any, placement: DraftPlacement | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if placement is not None:
            self.fields["identity_number"].required = False
            self.fields["identity_number"].help_text = _("现为%(masked)s，不修改的不填。") % {
                "masked": placement.masked_identity
            }
            self.fields["certificate_number"].required = False
            self.fields["certificate_number"].help_text = _("已填写，不修改的不填。")

    @classmethod
    def of(cls, draft: HeadcountReturn, placement: DraftPlacement | None) -> "PlacementForm":
        initial: dict[str, Any] = {"version": draft.version, "form": EmploymentForm.CONTRACT}
        if placement is not None:
            kept = ("name", "certificate_kind", "form", "contract_start", "contract_end", "post")
            initial |= {name: getattr(placement, name) for name in kept}
        return cls(initial=initial, placement=placement)

    def clean_identity_number(self) -> str:
        return _checked(check_identity_number, self.cleaned_data["identity_number"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        number, kind = cleaned.get("certificate_number"), cleaned.get("certificate_kind")
        if number and kind:
            try:
                cleaned["certificate_number"] = check_certificate_number(kind, number)
            except IdentifierError as fault:
                self.add_error("certificate_number", translated(fault.args[0]))
        start, end = cleaned.get("contract_start"), cleaned.get("contract_end")
        if start and end and end < start:
            self.add_error("contract_end", _("合同结束日期不能早于开始日期。"))
        return cleaned

    def typed(self) -> PlacementInput:
        """The argument of services.filing.save_placement, once the form is valid."""
        return PlacementInput(**{name: value for name, value in self.cleaned_data.items() if name != "version"})


def _checked(check: Any, text: str) -> str:
    try:
        return check(text) if text else ""
    except IdentifierError as fault:
        raise ValidationError(translated(fault.args[0])) from None


class SubmitForm(VersionForm):
    """财税〔2015〕72号 art. 10: the employer is responsible for the truth of its return."""

    is_true = forms.BooleanField(label=_("本单位承诺：申报内容真实、完整，愿意承担相应法律责任。"))


class QueueForm(forms.Form):
    """Filters of the queue; every field is optional."""

    q = forms.CharField(
        label=_("单位名称或信用代码"),
        required=False,
        min_length=names.SHORTEST,
        max_length=100,
        error_messages={"min_length": _("至少输入2个字。")},
        widget=forms.TextInput(attrs={"type": "search", "data-key": "/", "aria-keyshortcuts": "/"}),
    )
    levy_year = forms.TypedChoiceField(label=_("费款所属年度"), coerce=int, required=False)
    region = forms.ModelChoiceField(
        label=_("行政区划"), queryset=Region.objects.none(), required=False, empty_label=ALL[1]
    )
    entity_type = forms.ChoiceField(label=_("单位类型"), choices=[ALL, *choices_of(EntityType)], required=False)
    findings = forms.ChoiceField(
        label=_("核对提示"), choices=[ALL, ("yes", _("有疑点")), ("no", _("无疑点"))], required=False
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = levy_years()
        self.fields["levy_year"].choices = years
        self.fields["levy_year"].empty_value = years[0][0]
        self.fields["region"].queryset = regions_of(user, Permission.VIEW_PERSONS)
        self.fields["region"].label_from_instance = _region_label


class CaseQueueForm(QueueForm):
    """The same filters beside one case. The chosen region is the case's own or one above it, so no query is needed."""

    def __init__(self, *args: Any, case_region: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = [(code, code) for code in Region(code=case_region).lineage()]
        self.fields["region"] = forms.TypedChoiceField(
            choices=above, coerce=lambda code: Region(code=code), required=False, empty_value=None
        )


class QuickForm(forms.Form):
    """The returns of the quick lane."""

    levy_year = forms.TypedChoiceField(label=_("费款所属年度"), coerce=int)
    region = forms.ModelChoiceField(label=_("行政区划"), queryset=Region.objects.none(), empty_label=None)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["levy_year"].choices = levy_years()
        self.fields["region"].queryset = regions_of(user, Permission.VERIFY_RETURN)
        self.fields["region"].label_from_instance = _region_label


def _region_label(region: Region) -> str:
    return region.name_and_code


class SendBackForm(ReasonForm):
    """The corrections that the employer must make: in general, and per person, prefilled with the findings of the
    checks."""

    def __init__(self, *args: Any, lacks: Sequence[tuple[Placement, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lacks = lacks
        for person, lack in lacks:
            self.fields[f"person_{person.pk}"] = forms.CharField(
                label=person.name,
                initial=lack,
                required=False,
                max_length=500,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def typed(self) -> dict[str, Any]:
        """The arguments of services.verification.send_back, with only the people who have something to correct."""
        told = [(person.name, self.cleaned_data[f"person_{person.pk}"]) for person, _lack in self.lacks]
        people = [(name, lack) for name, lack in told if lack]
        return {"reason": self.cleaned_data["reason"], "people": people}


class Whole(models.TextChoices):
    """A decision on all of a person's months at once."""

    BY_MONTH = "", _("逐月认定")
    COUNT = "count", _("全部计入")
    REFUSE = "refuse", _("全部不计入")
    COMPUTED = "computed", _("按系统核算")


def decision_reasons() -> list[tuple[str, str]]:
    """The reasons with their articles, in the language of the page."""
    return [("", _("与核算相同，不需理由")), *((reason.value, reason.words) for reason in DecisionReason)]


class DecisionForm(forms.Form):
    """The contract's months of one placement, each counted or not; a reason if that differs from the checks.

    `seen` is the digest of the page (promise A8).
    """

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    whole = forms.ChoiceField(label=_("各月一并认定"), choices=Whole, required=False, widget=forms.RadioSelect)
    reason = forms.ChoiceField(
        label=_("与系统核算不同的理由"),
        choices=decision_reasons,
        required=False,
    )
    note = forms.CharField(
        label=_("说明"),
        help_text=_("写明依据的材料。理由和说明对单位可见，并写入办理记录。"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, result: PlacementCheck, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.result = result
        for month in self.open_months():
            self.fields[f"month_{month}"] = forms.TypedChoiceField(
                label=_("%(month)s月认定") % {"month": month},
                choices=[(result.weight, _("计入")), (0, _("不计入"))],
                coerce=int,
                initial=result.decided[month - 1],
                widget=forms.Select(attrs={"class": "low"}),
            )
        decided = {"whole": "", "reason": result.decision_reason, "note": result.decision_note}
        self.initial = decided | self.initial | {"seen": decision_seen(result)}

    def whole_options(self) -> list[dict[str, Any]]:
        """The options, as components/seg.html takes them."""
        return [{"value": value, "label": label} for value, label in Whole.choices]

    def open_months(self) -> list[int]:
        """Months, 1 to 12, on which a decision is possible."""
        reasons = enumerate(self.result.reasons, start=1)
        return [month for month, reason in reasons if reason != Reason.OUTSIDE_CONTRACT]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and self.decided() != self.result.computed and not cleaned["reason"]:
            self.add_error("reason", _("认定与系统核算不同的，须选择理由。"))
        return cleaned

    def decided(self) -> list[int]:
        """Person-months per month, once the form is valid."""
        whole = self.cleaned_data.get("whole")
        if whole == Whole.COMPUTED:
            return list(self.result.computed)
        if whole:
            counted = self.result.weight if whole == Whole.COUNT else 0
            return [counted if month in self.open_months() else 0 for month in range(1, MONTHS + 1)]
        return [self.cleaned_data.get(f"month_{month}", 0) for month in range(1, MONTHS + 1)]


def regions_of(user: User, permission: Permission) -> Any:
    """Divisions in force in which the person has the permission."""
    regions = Region.objects.none()
    for prefix in user.prefixes(permission):
        regions = regions | Region.objects.filter(code__startswith=prefix, valid_until=None)
    return regions
