"""Forms for exchange files."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from design.fields import CountField, MoneyField
from exchange.engine.contract import Control, Kind
from exchange.engine.source import UPLOAD


class UploadForm(forms.Form):
    """An exchange file and its kind."""

    kind = forms.ChoiceField(label=_("文件种类"))
    file = forms.FileField(
        label=_("文件"),
        help_text=_("XLSX或CSV，不超过10 MB、50,000行。先读取并报告，确认后才写入。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
    )

    def __init__(self, *args: Any, kinds: list[Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.name, kind.label) for kind in kinds]

    def clean_file(self) -> UploadedFile:
        upload = self.cleaned_data["file"]
        if upload.size > UPLOAD.size:
            raise forms.ValidationError(_("文件超过10 MB。请分成几个文件。"))
        return upload


class ControlForm(forms.Form):
    """The totals of another office's paper."""

    count = CountField()
    received = MoneyField()
    refunded = MoneyField(help_text=_("没有退费的填0。"))

    def __init__(self, *args: Any, control: Control, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field, label in zip(self.fields.values(), control.labels, strict=True):
            field.label = label


class WriteFileForm(forms.Form):
    """Confirms the writing of a file; it has no fields."""
