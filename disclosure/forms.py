"""What the public types."""

from django import forms
from django.utils.translation import gettext_lazy as _


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
