"""Forms of sign-in, of the own account, of people and of their appointments."""

import unicodedata
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.sign_in.password_rules import LONGEST, rules_in_words

USCC_LENGTH = 18


def tidied_name(text: str) -> str:
    """A typed user name as it is stored; credit codes become capitals."""
    name = unicodedata.normalize("NFKC", text).strip()
    return name.upper() if len(name) == USCC_LENGTH and name.isalnum() else name


def tidied_number(text: str) -> str:
    """A typed personnel number as it is stored: without spaces, in capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


class PersonnelNumberField(forms.CharField):
    """The office's number of a person: capitals, digits, - and ."""

    def __init__(self, **kwargs: Any) -> None:
        shape = RegexValidator(r"\A[0-9A-Z][0-9A-Z.-]*\Z", _("只能用字母、数字、短横和圆点。"))
        given = {
            "label": _("人员编号"),
            "help_text": _("本人的工号或编制编号，一人一号，只能有一个账号。"),
            "max_length": 30,
            "validators": [shape],
            "widget": forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        }
        super().__init__(**given | kwargs)

    def to_python(self, value: Any) -> str:
        return tidied_number(super().to_python(value))


class PasswordField(forms.CharField):
    """Never stripped, never shown again, long enough for any passphrase."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(**{"strip": False, "max_length": LONGEST, "widget": widget} | kwargs)


class SignInForm(forms.Form):
    """Name and password; accounts.sign_in.entry checks them."""

    username = forms.CharField(
        label=_("用户名"),
        help_text=_("用人单位填写统一社会信用代码。"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = PasswordField(label=_("密码"), autocomplete="current-password")

    def clean_username(self) -> str:
        return tidied_name(self.cleaned_data["username"])


class CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(
        label=_("验证码"),
        help_text=_("手机验证器应用显示的6位数字。手机不在身边的，填写一个恢复码。"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters"}),
    )


class NewAppForm(forms.Form):
    """The first code of a new app; inside a session the password as well."""

    password = PasswordField(label=_("当前密码"), autocomplete="current-password")
    code = forms.CharField(
        label=_("验证码"),
        help_text=_("添加后，验证器应用显示的6位数字。"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, with_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_password:
            del self.fields["password"]

    def clean_code(self) -> str:
        return "".join(unicodedata.normalize("NFKC", self.cleaned_data["code"]).split())


class OwnPasswordForm(forms.Form):
    """The own password again, before an important change."""

    password = PasswordField(label=_("当前密码"), autocomplete="current-password")


class PasswordChangeForm(forms.Form):
    """A new password, entered twice, under the installation's rules."""

    current = PasswordField(label=_("当前密码"), autocomplete="current-password")
    new = PasswordField(label=_("新密码"), autocomplete="new-password")
    again = PasswordField(label=_("再次填写新密码"), autocomplete="new-password")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["new"].help_text = rules_in_words()
        if person.password_issued_until is not None:
            self.fields["current"].label = _("登录码（初始密码）")

    def clean_new(self) -> str:
        new = self.cleaned_data["new"]
        validate_password(new, self.person)
        return new

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "new" in given and "again" in given and given["new"] != given["again"]:
            self.add_error("again", _("两次填写的新密码不一致。"))
        if "new" in given and given["new"] == given.get("current"):
            self.add_error("new", _("新密码不能与当前密码相同。"))
        return given
