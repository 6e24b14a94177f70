"""Forms of the levy officer and the tax officer."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.fields import CountField
from accounts.models import Region, User
from accounts.permissions import Permission
from levy.models import Supersession
from levy.policy import POLICY_YEARS
from quota.exchange.contract import Kind
from quota.exchange.source import UPLOAD
from quota.rules import MONTHS

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


class StepForm(forms.Form):
    """The page before a weighty act: a reason where the law wants one, and a second look."""

    reason = forms.CharField(label=_("理由"), widget=forms.Textarea(attrs={"rows": 3}), max_length=500)

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]


class HireForm(forms.Form):
    """People of one level who count from a month on."""

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


class CorrectionForm(forms.Form):
    """Why an assessment is replaced. `seen` is the digest of the figures on the page."""

    ground = forms.ChoiceField(label=_("事由"), choices=Supersession.Ground, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("理由"),
        help_text=_("写明依据的文书和查明的事实，单位和批准人都能看到。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)


class SeenForm(forms.Form):
    """The page before an approval: it holds for exactly what was shown."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)


class UploadForm(forms.Form):
    """An exchange file and what it is."""

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


class WriteFileForm(forms.Form):
    """The page before a file is written asks nothing more."""
