"""New values of a region's numbers and rules: one parameter administrator proposes, another one puts them into effect.

A run has pinned its own values, so a change affects later runs only (promise A11)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import CheckConstraint, Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Region, User
from casework.services.decisions import Decision
from design.law_words import translated
from design.templatetags.formats import cn_date
from law.amount import AssessmentRules
from law.counting import CountingRules
from law.settings import SettingError
from levy.errors import ParameterChanged, ParameterPending, ParameterRefused
from levy.models import ParameterChange
from levy.parameter_words import RULES, is_number, value_in_words
from levy.workflow import APPROVE_PARAMETER, REJECT_PARAMETER
from quota.models import RegionalNumber, RegionalSetting
from quota.models.parameters import DatedQuerySet, DatedRow


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a change on the stored rows: it replaces one with the same first day, and ends an earlier one the
    day before."""

    replaces: DatedRow | None = None
    ends: DatedRow | None = None

    @property
    def in_words(self) -> str:
        """The former value with its dates and document; "" if there was none."""
        row = self.replaces or self.ends
        if row is None:
            return ""
        value = value_in_words(name_of(row), str(row.value))
        shown = {"value": value, "first": cn_date(row.valid_from), "document": row.document_number}
        if row.valid_until is None:
            return _("%(value)s，%(first)s起，%(document)s") % shown
        return _("%(value)s，%(first)s至%(last)s，%(document)s") % (shown | {"last": cn_date(row.valid_until)})


def name_of(row: DatedRow) -> str:
    return row.kind if isinstance(row, RegionalNumber) else row.name


def propose_parameter(
    *,
    region: Region,
    name: str,
    value: str,
    valid_from: date,
    valid_until: date | None,
    document_number: str,
    source: str,
    actor: User,
) -> ParameterChange:
    """Ask a second parameter administrator for a new dated value; both ends of its dates are included.

    Raises PermissionMissing, ParameterRefused for an impossible name, value or period, ParameterPending.
    """
    change = ParameterChange(
        region=region, name=name, value=value, valid_from=valid_from, valid_until=valid_until,
        document_number=document_number.strip(), source=source.strip(),
    )  # fmt: skip
    return PARAMETERS.propose(change, actor=actor)


def _refuse_impossible(change: ParameterChange) -> None:
    if not is_number(change.name):
        _refuse_unknown_rule(change.name, change.value)
    if change.valid_until is not None and change.valid_until < change.valid_from:
        raise ParameterRefused(_("失效日期不能早于生效日期。"))
    row = _new_row(change)
    try:
        row.full_clean(validate_constraints=False, exclude=["region", "entered_by", "approved_by"])
        for constraint in row._meta.constraints:
            if isinstance(constraint, CheckConstraint):
                constraint.validate(type(row), row)
    except ValidationError as fault:
        raise ParameterRefused(_("；").join(fault.messages)) from None


def _refuse_unknown_rule(name: str, value: str) -> None:
    if name not in RULES:
        known = _("、").join(sorted(RULES))
        raise ParameterRefused(
            _("没有名为“%(name)s”的地区规则；可用的有：%(known)s。") % {"name": name, "known": known}
        )
    rules = CountingRules if name in CountingRules.names() else AssessmentRules
    try:
        rules.from_settings({name: value})
    except SettingError as fault:
        raise ParameterRefused(translated(fault.args[0])) from None


def _new_row(change: ParameterChange) -> DatedRow:
    dates = {"valid_from": change.valid_from, "valid_until": change.valid_until}
    shared = {"region": change.region, "document_number": change.document_number, **dates}
    if not is_number(change.name):
        return RegionalSetting(name=change.name, value=change.value, **shared)
    try:
        return RegionalNumber(kind=change.name, value=Decimal(change.value), **shared)
    except InvalidOperation:
        raise ParameterRefused(_("请填写数值。")) from None


def effect_of(change: ParameterChange) -> Effect:
    """The effect of the change on the rows stored now. Raises ParameterRefused if it cannot be entered."""
    rows = _rows(change).filter(Q(valid_until=None) | Q(valid_until__gte=change.valid_from))
    if change.valid_until is not None:
        rows = rows.filter(valid_from__lte=change.valid_until)
    replaces = ends = None
    for row in rows.order_by("valid_from"):
        if row.valid_from > change.valid_from:
            days = {"day": row.valid_from.isoformat(), "last": (row.valid_from - timedelta(days=1)).isoformat()}
            raise ParameterRefused(_("自%(day)s起已登记另一数值，失效日期不能晚于%(last)s。") % days)
        if row.valid_from == change.valid_from:
            replaces = row
        else:
            _refuse_gap(row, change)
            ends = row
    return Effect(replaces, ends)


def _refuse_gap(row: DatedRow, change: ParameterChange) -> None:
    """Refuse a change that ends a row and itself ends before that row would: the days after it would have no value."""
    if change.valid_until is not None and (row.valid_until is None or row.valid_until > change.valid_until):
        raise ParameterRefused(
            _("原数值的有效期晚于新数值的失效日期，此后将没有数值。请不填失效日期，或者填写得更晚。")
        )


def _rows(change: ParameterChange) -> DatedQuerySet:
    if is_number(change.name):
        return RegionalNumber.objects.filter(region=change.region_id, kind=change.name)
    return RegionalSetting.objects.filter(region=change.region_id, name=change.name)


def _shown(change: ParameterChange) -> tuple[object, ...]:
    """The value with its days and document, and the rows that it replaces or ends."""
    effect = effect_of(change)
    dates = (change.valid_from, change.valid_until)
    shown = [(change.pk, change.state, change.name, change.value, *dates, change.document_number, change.source)]
    shown += [
        (row.pk, str(row.value), row.valid_from, row.valid_until, row.document_number)
        for row in (effect.replaces, effect.ends)
        if row is not None
    ]
    return tuple(shown)


def hold_parameters(region_code: str) -> None:
    """Until the end of the transaction, let nobody else enter values of the region."""
    list(Region.objects.select_for_update(of=("self",), no_key=True).filter(code=region_code))


def _hold(change: ParameterChange) -> None:
    hold_parameters(change.region_id)


def _refuse(change: ParameterChange, actor: User) -> None:
    _refuse_impossible(change)
    effect_of(change)


def _enter(change: ParameterChange, actor: User) -> None:
    """Enter the dated row with the names of both people; the change keeps the former value in words."""
    effect = effect_of(change)
    with translation.override(settings.LANGUAGE_CODE):
        change.replaced = effect.in_words
    change.save(update_fields=["replaced"])
    if effect.ends is not None:
        effect.ends.valid_until = change.valid_from - timedelta(days=1)
        effect.ends.save(update_fields=["valid_until"])
    row = _new_row(change)
    row.entered_by, row.approved_by = change.proposed_by, actor
    if effect.replaces is not None:
        row.pk = effect.replaces.pk  # the database keeps the former values in its history
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise ParameterChanged from None


def _details(change: ParameterChange) -> dict[str, str]:
    return {"name": change.name, "value": change.value, "document": change.document_number}


PARAMETERS = Decision(
    approval=APPROVE_PARAMETER,
    rejection=REJECT_PARAMETER,
    hold=_hold,
    shown=_shown,
    refuse=_refuse,
    effect=_enter,
    details=_details,
    pending=ParameterPending,
    changed=ParameterChanged,
)
