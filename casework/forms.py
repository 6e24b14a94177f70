"""Forms of the page before a weighty step: a reason if the step needs one, and the digest of the page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

REASON_LENGTH = 1000


class ReasonForm(forms.Form):
    """The reason for a step that needs one."""

    reason = forms.CharField(label=_("理由"), max_length=REASON_LENGTH, widget=forms.Textarea(attrs={"rows": 3}))


class SeenForm(forms.Form):
    """The digest of a page: the step is valid for exactly the values shown."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)


class StepForm(ReasonForm, SeenForm):
    """Reason and digest, each only if the step needs it."""

    def __init__(self, *args: Any, needs_reason: bool, binds: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]
        if not binds:
            del self.fields["seen"]
