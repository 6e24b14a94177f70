"""Forms of the levy officer and the tax officer."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Region, User
from accounts.permissions import Permission
from casework.forms import SeenForm
from design.fields import FigureField, MoneyField, NameField
from law.policy import POLICY_YEARS
from levy.models import Supersession
from levy.parameter_words import RULES, is_number, value_in_words
from quota.enums import NumberKind

YEARS = [(year, str(year)) for year in sorted(POLICY_YEARS, reverse=True)]


class ScopeForm(forms.Form):
    """A levy year and a region the person holds `permission` for."""

    levy_year = forms.TypedChoiceField(label=_("费款所属年度"), choices=YEARS, coerce=int)
    region = forms.ModelChoiceField(label=_("行政区划"), queryset=Region.objects.none(), empty_label=None)

    def __init__(self, *args: Any, user: User, permission: Permission, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = Region.objects.none()
        for prefix in user.prefixes(permission):
            regions = regions | Region.objects.filter(code__startswith=prefix, valid_until=None)
        self.fields["region"].queryset = regions
        self.fields["region"].label_from_instance = lambda region: region.name_and_code


GROUNDS = [(ground.value, ground.label) for ground in Supersession.Ground if ground != Supersession.Ground.SUPPLEMENT]


class CorrectionForm(SeenForm):
    """The ground and reason for replacing an assessment. `seen` is the digest of the figures on the page."""

    ground = forms.ChoiceField(label=_("事由"), choices=GROUNDS, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("理由"),
        help_text=_("写明依据的文书和查明的事实，单位和批准人都能看到。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
    )


class SupplementForm(CorrectionForm):
    """The reason for assessing an employer after its region's run; there is only one ground."""

    ground = None


class ParameterForm(forms.Form):
    """A new value of one number or rule, its days, and the text it comes from."""

    valid_from = forms.DateField(label=_("生效日期"), help_text=_("当日起适用，如2026-01-01。"))
    valid_until = forms.DateField(
        label=_("失效日期"), help_text=_("当日仍适用。长期有效的不填；社会平均工资填写到年末。"), required=False
    )
    document_number = forms.CharField(label=_("文号"), max_length=80)
    source = forms.CharField(
        label=_("来源"),
        help_text=_("发布机关和文件名称，网上公布的写明网址。另一位参数管理员凭此核对。"),
        max_length=300,
    )

    field_order = ("value",)

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"] = value_field(name)
        self.order_fields(self.field_order)

    def clean_value(self) -> str:
        """The value in stored form: a percentage becomes a share."""
        value = self.cleaned_data["value"]
        is_share = isinstance(self.fields["value"], PercentField)
        return f"{(value / 100 if is_share else value).normalize():f}" if isinstance(value, Decimal) else value


class PercentField(FigureField, forms.DecimalField):
    """A share, written in percent."""


def value_field(name: str) -> forms.Field:
    """The field for the value of this number or rule."""
    if name == NumberKind.REQUIRED_RATIO:
        return PercentField(
            label=_("数值"), unit="%", help_text=_("不得低于1.5%。"), minimum=0, maximum=25, decimal_places=4
        )
    if is_number(name):
        return MoneyField(label=_("数值"), unit=_("元"), minimum=1, maximum=10**7)
    kind = RULES[name].type
    if not hasattr(kind, "__members__"):
        return forms.CharField(label=_("数值"), help_text=_("月和日，如10-31。"), max_length=5)
    choices = [(str(value), value_in_words(name, str(value))) for value in kind]
    return forms.ChoiceField(label=_("数值"), choices=choices, widget=forms.RadioSelect)


class RegionChangeForm(forms.Form):
    """A change to the divisions, with the document behind it. `kind` selects the fields; `region` is the division that
    changes, or the one under which another is added."""

    code = forms.CharField(
        label=_("代码"),
        help_text=_("国家公布的6位代码。"),
        max_length=6,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    name = NameField(label=_("名称"), max_length=60)
    successor = forms.ModelChoiceField(label=_("并入"), queryset=Region.objects.none())
    last_day = forms.DateField(label=_("最后有效日"), help_text=_("不晚于今天，如2026-01-31。"))
    document_number = forms.CharField(label=_("文号"), help_text=_("批准该项变更的文件。"), max_length=80)
    reason = forms.CharField(
        label=_("理由"),
        help_text=_("另一位管理员凭此核对。"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    QUESTIONS = {"add": {"code", "name"}, "rename": {"name"}, "retire": {"successor", "last_day"}}

    def __init__(self, *args: Any, kind: str, region: Region, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region = region
        for name in set().union(*self.QUESTIONS.values()) - self.QUESTIONS[kind]:
            del self.fields[name]
        if kind == "rename":
            self.fields["name"].label = _("新名称")
        if kind == "retire":
            beside = Region.objects.filter(code__startswith=region.code[:2], level=region.level, valid_until=None)
            self.fields["successor"].queryset = beside.exclude(pk=region.pk)
            self.fields["successor"].label_from_instance = lambda found: found.name_and_code

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if not self.region.contains(code):
            raise forms.ValidationError(
                _("%(region)s所辖的代码以%(prefix)s开头。") % {"region": self.region, "prefix": self.region.prefix}
            )
        return code


class YearSearchForm(forms.Form):
    """A levy year, and a part of a name or code."""

    levy_year = forms.TypedChoiceField(label=_("费款所属年度"), choices=YEARS, coerce=int)
    q = forms.CharField(label=_("名称或代码"), max_length=60, required=False)


class RegionYearForm(forms.Form):
    """One of the regions given, and a levy year."""

    region = forms.ModelChoiceField(label=_("行政区划"), queryset=Region.objects.none(), empty_label=None)
    levy_year = forms.TypedChoiceField(label=_("费款所属年度"), choices=YEARS, coerce=int)

    def __init__(self, *args: Any, regions: QuerySet[Region], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions
        self.fields["region"].label_from_instance = lambda region: region.name_and_code
