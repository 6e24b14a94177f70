"""Entering a region's dated difference from the national rules, in two administrators' names."""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Region, User
from accounts.permissions import Permission
from audit.errors import DomainError, PermissionMissing, SecondPersonNeeded
from audit.services import record
from levy.rules import AssessmentRules
from quota.models import RegionalSetting
from quota.rules import CountingRules, SettingError
from quota.words import translated


class SettingRefused(DomainError):
    code = "setting_refused"


@transaction.atomic
def enter_setting(
    *,
    region: Region,
    name: str,
    value: str,
    valid_from: date,
    valid_until: date | None,
    document_number: str,
    actor: User,
    second: User,
) -> RegionalSetting:
    """Add one dated row; both ends of its dates are included.

    Raises SettingRefused for a name or value that no rule knows, a missing document or an overlapping period;
    SecondPersonNeeded, PermissionMissing.
    """
    if actor == second:
        raise SecondPersonNeeded
    if not all(person.can(Permission.MANAGE_PARAMETERS, region.code) for person in (actor, second)):
        raise PermissionMissing
    _refuse_unknown({name: value})
    row = RegionalSetting(
        region=region, name=name, value=value, valid_from=valid_from, valid_until=valid_until,
        document_number=document_number, entered_by=actor, approved_by=second,
    )  # fmt: skip
    try:
        row.full_clean()
    except ValidationError as fault:
        raise SettingRefused(_("；").join(fault.messages)) from None
    row.save()
    details = {"name": name, "value": value, "document": document_number, "approved_by": second.username}
    record(actor=actor, action="quota.setting.enter", target=row, region_code=region.code, details=details)
    return row


def _refuse_unknown(row: Mapping[str, str]) -> None:
    (name,) = row
    if name not in CountingRules.names() | AssessmentRules.names():
        known = _("、").join(sorted(CountingRules.names() | AssessmentRules.names()))
        raise SettingRefused(_("没有名为“%(name)s”的地区规则；可用的有：%(known)s。") % {"name": name, "known": known})
    rules = CountingRules if name in CountingRules.names() else AssessmentRules
    try:
        rules.from_settings(row)
    except SettingError as fault:
        raise SettingRefused(translated(fault.args[0])) from None
