"""Forms of the public pages, and of preparing a publication."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from design.fields import FigureField, MoneyField
from design.law_words import choices_of
from law.codes import EntityType
from law.identifiers import IdentifierError, check_identity_number, check_uscc
from law.policy import POLICY_YEARS
from levy.forms import ScopeForm
from quota import names
from quota.models import RegionalNumber, RegionalSetting
from quota.models.employers import MAX_STAFF

PARAMETERS = ("required_ratio", "social_average_wage")


class DocumentCheckForm(forms.Form):
    """Checks only that a code is there and not too long: an unknown code gets the answer 未找到, not an error."""

    number = forms.CharField(
        label=_("文书编号"),
        help_text=_("如残核〔2026〕140105-000017，方括号、圆括号均可。核验通知书可以只填核验码。"),
        max_length=60,
        required=False,
    )
    code = forms.CharField(
        label=_("核验码"), help_text=_("文书左下角的16位字母和数字，不分大小写，空格可省略。"), max_length=40
    )


class SearchForm(forms.Form):
    """Part of a name, or the beginning of a credit code; year and place narrow the search."""

    q = forms.CharField(
        label=_("单位名称或统一社会信用代码"),
        min_length=names.SHORTEST,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        error_messages={
            "required": _("请输入单位名称的一部分，或统一社会信用代码的开头。"),
            "min_length": _("名称至少输入2个字。"),
        },
    )
    year = forms.TypedChoiceField(label=_("年度"), coerce=int, empty_value=None, required=False)
    region = forms.ChoiceField(label=_("地区"), required=False)

    def __init__(self, *args: Any, years: Sequence[int], regions: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, _("%s年度") % year) for year in years]
        self.fields["region"].choices = [("", _("全部")), *regions]

    def clean_q(self) -> str:
        """Refuse an identity number: nobody can search for a person here, not even by mistake (promise F4)."""
        text = unicodedata.normalize("NFC", self.cleaned_data["q"])
        if _passes(check_identity_number, text) and not _passes(check_uscc, text):
            raise ValidationError(_("不能用身份证件号码查询，请输入单位名称或统一社会信用代码。"))
        return text


def _passes(check: Callable[[str], str], text: str) -> bool:
    try:
        check(text)
    except IdentifierError:
        return False
    return True


class CompareForm(forms.Form):
    """Two published regions of one year."""

    first = forms.ChoiceField(label=_("地区"))
    second = forms.ChoiceField(label=_("对比地区"))
    year = forms.TypedChoiceField(label=_("年度"), coerce=int)

    def __init__(self, *args: Any, places: Sequence[tuple[int, str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = {code: Region(code=code, name=name) for _year, code, name in places}
        codes = sorted(regions)
        for side in ("first", "second"):  # two cities may have a district of the same name
            self.fields[side].choices = [(code, regions[code].name_and_code) for code in codes]
        first = self.initial.setdefault("first", next(iter(codes), None))
        self.initial.setdefault("second", next((code for code in codes if code != first), None))
        years = sorted({year for year, _code, _name in places}, reverse=True)
        self.fields["year"].choices = [(year, _("%s年度") % year) for year in years]
        self.published = {(year, code) for year, code, _name in places}

    def clean(self) -> dict[str, Any]:
        """Put the error at the field of the region that has not published this year."""
        chosen = super().clean() or self.cleaned_data
        for side in ("first", "second"):
            if side in chosen and "year" in chosen and (chosen["year"], chosen[side]) not in self.published:
                self.add_error(side, _("该地区该年度尚未公布，请另选地区或年度。"))
        return chosen


class HeadsField(FigureField, forms.DecimalField):
    """A yearly average of heads, with at most four decimals."""

    default_error_messages = {"invalid": _("请填写人数，如32.25。")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(unit=_("人"), maximum=MAX_STAFF, decimal_places=4, **kwargs)


class RequiredRatioField(FigureField, forms.DecimalField):
    """A required ratio: 1.5 to 25 per cent."""

    default_error_messages = {"invalid": _("请填写百分数，如1.5。")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(unit="%", minimum=Decimal("1.5"), maximum=25, decimal_places=4, **kwargs)


def regions_with_terms() -> list[tuple[str, str]]:
    """Every province, and the regions below that have parameters of their own."""
    own = RegionalNumber.objects.values("region").union(RegionalSetting.objects.values("region"))
    listed = Region.objects.filter(Q(level=Region.Level.PROVINCE) | Q(pk__in=own), valid_until=None)
    return [(region.code, region.name_and_code) for region in listed]


class ExampleForm(forms.Form):
    """The region and year of the worked example; without a region it uses assumed parameters."""

    levy_year = forms.TypedChoiceField(
        label=_("费款所属年度"),
        choices=lambda: [(year, _("%s年度") % year) for year in sorted(POLICY_YEARS, reverse=True)],
        coerce=int,
        empty_value=max(POLICY_YEARS),
        required=False,
    )
    region = forms.ChoiceField(label=_("所在地区"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [("", _("不选，用假设数")), *regions_with_terms()]


class CalculatorForm(forms.Form):
    """The facts of one employer's year. The form reads and names them; the service checks them."""

    levy_year = forms.TypedChoiceField(
        label=_("费款所属年度"),
        help_text=_("职工人数和工资所属的年度，次年申报。"),
        choices=[(year, year) for year in sorted(POLICY_YEARS, reverse=True)],
        coerce=int,
    )
    region = forms.ChoiceField(
        label=_("所在地区"), help_text=_("列出各省和参数不同的市县；所在县未列出的，选上级地区。")
    )
    entity_type = forms.ChoiceField(label=_("单位类型"), choices=choices_of(EntityType), initial=EntityType.ENTERPRISE)
    staff_average = HeadsField(
        label=_("年平均在职职工人数"), help_text=_("12个月人数之和除以12，可以有小数。30人按此数判断。")
    )
    total_wages = MoneyField(label=_("全年工资总额"), help_text=_("按国家统计局关于工资总额组成的规定。"))
    credited_headcount = HeadsField(
        label=_("年平均安排残疾人就业人数"), help_text=_("重度残疾按2人计。没有安排的填0。")
    )
    registered_on = forms.DateField(
        label=_("登记日期"),
        help_text=_("2018年度以前，小型企业登记3年内免征；其他情况可以不填。"),
        required=False,
    )
    required_ratio = RequiredRatioField(label=_("规定比例"), help_text=_("不填的，用所选地区的规定。"), required=False)
    social_average_wage = MoneyField(
        label=_("当地社会平均工资（年）"), help_text=_("不填的，用所选地区公布的数。"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = regions_with_terms()

    def payload(self) -> dict[str, Any]:
        """The cleaned answers in the API's names."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        parameters = {name: given.pop(name) for name in PARAMETERS if name in given}
        if "required_ratio" in parameters:
            parameters["required_ratio"] = parameters["required_ratio"].scaleb(-2)
        return given | ({"parameters": parameters} if parameters else {})

    def take_refusals(self, refusals: Mapping[str, Any]) -> None:
        """Show the service's refusals at the fields they name, or above the form."""
        for name, messages in refusals.items():
            if isinstance(messages, Mapping):
                self.take_refusals(messages)
            else:
                self.add_error(name if name in self.fields else None, [str(message) for message in messages])


class PublicationForm(ScopeForm):
    """The year and region to publish, and the time from which it is public."""

    embargo_until = forms.DateTimeField(
        label=_("公布不早于"),
        help_text=_("需要各地同时公布时填写，如2026-12-01 09:00。不填的，办理公布后立即公开。"),
        required=False,
    )
