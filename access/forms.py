"""Forms to search for people, add one, and appoint one."""

from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.forms import PersonnelNumberField, tidied_name
from accounts.models import Region, User
from accounts.permissions import Permission, Role
from design.fields import NameField


class PersonState(models.TextChoices):
    """The states by which an administrator filters the list of people."""

    ACTIVE = "active", _("在任")
    ENDED = "ended", _("已离任或停用")
    LOCKED = "locked", _("暂停登录")
    NO_SECOND_FACTOR = "no_second_factor", _("未设第二重验证")


class PersonFilter(forms.Form):
    """The filters of the list of people; without a choice it shows all but employers, who need a name or a role."""

    who = forms.CharField(label=_("用户名或姓名"), max_length=60, required=False)
    region = forms.ModelChoiceField(
        label=_("管辖地区"), queryset=Region.objects.none(), empty_label=_("全部"), required=False
    )
    role = forms.ChoiceField(label=_("岗位"), choices=[("", _("全部")), *Role.choices], required=False)
    state = forms.ChoiceField(label=_("状态"), choices=[("", _("全部")), *PersonState.choices], required=False)

    def __init__(self, *args: Any, admin: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = Region.objects.none()
        for prefix in admin.prefixes(Permission.MANAGE_PEOPLE):
            regions = regions | Region.objects.filter(code__startswith=prefix)
        self.fields["region"].queryset = regions
        self.fields["region"].label_from_instance = lambda region: region.name_and_code

    @property
    def names_somebody(self) -> bool:
        return bool(self.cleaned_data["who"] or self.cleaned_data["role"])


class AppointmentForm(forms.Form):
    """A role, a region within the administrator's reach, and the reason; the number of a person who has none."""

    role = forms.ChoiceField(label=_("岗位"), choices=[role for role in Role.choices if role[0] != Role.EMPLOYER])
    region = forms.ModelChoiceField(label=_("管辖地区"), queryset=Region.objects.none(), empty_label=None)
    reason = forms.CharField(
        label=_("理由"),
        help_text=_("例如任职文件的文号。另一位管理员凭此批准。"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, admin: User, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if person is not None and person.personnel_number is None:
            self.fields["personnel_number"] = PersonnelNumberField()
            self.order_fields(["personnel_number"])
        regions = Region.objects.none()
        for prefix in admin.prefixes(Permission.MANAGE_PEOPLE):
            regions = regions | Region.objects.filter(code__startswith=prefix, valid_until=None)
        self.fields["region"].queryset = regions
        self.fields["region"].label_from_instance = lambda region: f"{region.code} {region.name}"


class PersonForm(AppointmentForm):
    """A new person with the first appointment."""

    username = forms.CharField(
        label=_("用户名"),
        help_text=_("字母、数字和 . - _，登录时使用，不能修改。"),
        max_length=60,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    name = NameField(label=_("姓名"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    personnel_number = PersonnelNumberField()
    field_order = ["username", "name", "personnel_number", "role", "region", "reason"]

    def clean_username(self) -> str:
        return tidied_name(self.cleaned_data["username"])
