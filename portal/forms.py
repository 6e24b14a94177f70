"""The what-if form of an employer's year."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from design.fields import CountField
from law.counting import MONTHS


class HireForm(forms.Form):
    """People of one disability level who count from a given month on."""

    people = CountField(label=_("人数"), unit=_("人"), minimum=1, maximum=999, initial=1)
    weight = forms.TypedChoiceField(
        label=_("残疾等级"),
        choices=[
            (1, _("按1人计：残疾人证三、四级，残疾军人证4至8级")),
            (2, _("按2人计：残疾人证一、二级，残疾军人证1至3级")),
        ],
        coerce=int,
    )
    first_month = forms.TypedChoiceField(label=_("开始月份"), coerce=int)
    last_month = forms.TypedChoiceField(label=_("结束月份"), coerce=int, initial=MONTHS)

    def __init__(self, *args: Any, first_month: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months = [(month, _("%(month)s月") % {"month": month}) for month in range(first_month, MONTHS + 1)]
        self.fields["first_month"].choices = self.fields["last_month"].choices = months

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("first_month"), cleaned.get("last_month")
        if first and last and last < first:
            self.add_error("last_month", _("结束月份不能早于开始月份。"))
        return cleaned
