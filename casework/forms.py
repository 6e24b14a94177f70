"""Forms of the page before a weighty step: a reason where it needs one, and the digest of what was shown."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

REASON_LENGTH = 1000


class ReasonForm(forms.Form):
    """The reason of a step that needs one."""

    reason = forms.CharField(label=_("理由"), max_length=REASON_LENGTH, widget=forms.Textarea(attrs={"rows": 3}))


class SeenForm(forms.Form):
    """A step that holds for exactly what was shown."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)


class StepForm(ReasonForm, SeenForm):
    """What a step asks for: of the two fields those that it needs."""

    def __init__(self, *args: Any, needs_reason: bool, binds: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]
        if not binds:
            del self.fields["seen"]
