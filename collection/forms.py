"""Forms of the tax officer: a region's year, a search, a surcharge."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SurchargeForm(forms.Form):
    """The days between which an open amount would incur a surcharge."""

    levy_year = forms.TypedChoiceField(label=_("费款所属年度"), coerce=int)
    default_on = forms.DateField(
        label=_("欠缴之日"), help_text=_("按限期缴纳决定确定。"), widget=forms.DateInput(attrs={"type": "date"})
    )
    paid_on = forms.DateField(label=_("缴纳之日"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["levy_year"].choices = [(year, str(year)) for year in years]
