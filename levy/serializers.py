"""The shape of the API's requests. The rules are elsewhere; here a value is only read and bounded."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Region
from design.law_words import official_words
from law.codes import EntityType
from quota.models.employers import MAX_STAFF, MAX_YUAN

MONTHS = 12
ENTITY_CODES = {word: code for code, word in official_words(EntityType).items()} | {
    code: code for code in EntityType.values()
}


def decimal_field(upper: int, places: int, **options: Any) -> serializers.DecimalField:
    """A finite number from 0 to `upper` with at most `places` decimals."""
    digits = len(str(upper)) + places
    return serializers.DecimalField(
        max_digits=digits, decimal_places=places, min_value=0, max_value=upper, required=False, **options
    )


class ParametersSerializer(serializers.Serializer):
    required_ratio = serializers.DecimalField(
        max_digits=8, decimal_places=6, min_value=Decimal("0.015"), max_value=Decimal("0.25"), required=False
    )
    social_average_wage = serializers.DecimalField(
        max_digits=14, decimal_places=2, min_value=1, max_value=MAX_YUAN, required=False
    )


class EstimateSerializer(serializers.Serializer):
    """Facts of one employer's year, as the calculator, the API and the `estimate` command take them.

    Exactly one of the three ways to give staff and one of the two to give wages; heads may be left out (nobody).
    """

    levy_year = serializers.IntegerField(min_value=2015, max_value=2100)
    region = serializers.CharField(max_length=6)
    entity_type = serializers.CharField(max_length=24)
    staff_person_months = decimal_field(MONTHS * MAX_STAFF, 6)
    staff_by_month = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=MAX_STAFF),
        min_length=MONTHS,
        max_length=MONTHS,
        required=False,
    )
    staff_average = decimal_field(MAX_STAFF, 6)
    credited_person_months = decimal_field(2 * MONTHS * MAX_STAFF, 6)
    credited_headcount = decimal_field(2 * MAX_STAFF, 6)
    total_wages = decimal_field(MAX_YUAN, 2)
    average_wage = decimal_field(MAX_YUAN, 2)
    registered_on = serializers.DateField(required=False)
    parameters = ParametersSerializer(required=False)

    def validate_entity_type(self, text: str) -> str:
        if text not in ENTITY_CODES:
            raise serializers.ValidationError(_("没有这种单位类型。可填：%s。") % "、".join(ENTITY_CODES))
        return ENTITY_CODES[text]

    def validate_region(self, code: str) -> str:
        if not Region.objects.filter(code=code).exists():
            raise serializers.ValidationError(_("没有这个行政区划代码。请填6位代码，例如140105。"))
        return code

    def validate_registered_on(self, day: date) -> date:
        if day.year < 1900:
            raise serializers.ValidationError(_("登记日期不能早于1900年。"))
        return day

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _exactly_one(attrs, ("staff_person_months", "staff_by_month", "staff_average"))
        _exactly_one(attrs, ("total_wages", "average_wage"))
        if "credited_person_months" in attrs and "credited_headcount" in attrs:
            raise serializers.ValidationError({"credited_headcount": _("安排人月和安排人数只填一项。")})
        return attrs


def _exactly_one(attrs: Mapping[str, Any], names: tuple[str, ...]) -> None:
    if sum(name in attrs for name in names) != 1:
        raise serializers.ValidationError({names[0]: _("以下各项须填且只填一项：%s。") % "、".join(names)})
