"""Forms of the finance officer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from casework.forms import SeenForm
from law.policy import POLICY_YEARS
from subsidies.models import AwardState

YEARS = [(year, str(year)) for year in sorted(POLICY_YEARS, reverse=True)]


class YearForm(forms.Form):
    levy_year = forms.TypedChoiceField(label=_("费款所属年度"), choices=YEARS, coerce=int)


class AwardFilter(forms.Form):
    """The filters of the list of awards; without a choice it shows all."""

    levy_year = forms.TypedChoiceField(
        label=_("年度"), choices=[("", _("全部")), *YEARS], coerce=int, empty_value=None, required=False
    )
    state = forms.ChoiceField(label=_("状态"), choices=[("", _("全部")), *AwardState.choices], required=False)

    def chosen(self) -> dict[str, Any]:
        """Field lookups of the choices; an invalid one is ignored."""
        given = self.cleaned_data if self.is_valid() else {}
        return {name: value for name, value in given.items() if value}


class CheckForm(SeenForm):
    """The comparison that the person made, and the answer to the open question."""

    reason = forms.CharField(
        label=_("核对说明"),
        help_text=_("写明核对的原文和文号，以及待核对问题的结论。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
    )


class ShownListForm(forms.Form):
    """The totals on the page, sent back so that nothing else is approved."""

    count = forms.IntegerField(widget=forms.HiddenInput)
    amount = forms.DecimalField(widget=forms.HiddenInput)
