"""What the public types."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

MIN_SEARCH = 3  # characters: what a trigram index can find


class DocumentCheckForm(forms.Form):
    """A code that nobody issued is an answer (未找到), not a fault; so only emptiness and length are checked here."""

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
    """Part of a name, or the beginning of a credit code; the year and place narrow it down."""

    q = forms.CharField(
        label=_("单位名称或统一社会信用代码"),
        min_length=MIN_SEARCH,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        error_messages={
            "required": _("请输入单位名称的一部分，或统一社会信用代码的开头。"),
            "min_length": _("名称至少输入3个字。"),
        },
    )
    year = forms.TypedChoiceField(label=_("年度"), coerce=int, empty_value=None, required=False)
    region = forms.ChoiceField(label=_("地区"), required=False)

    def __init__(self, *args: Any, years: Sequence[int], regions: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, _("%s年度") % year) for year in years]
        self.fields["region"].choices = [("", _("全部")), *regions]

    def clean_q(self) -> str:
        return unicodedata.normalize("NFC", self.cleaned_data["q"])
