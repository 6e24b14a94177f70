"""Form fields that read figures as people type them (1,234.50, １２３４, blanks around), and names."""

import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from design.names import is_visible, narrowed

LONGEST_FIGURE = 100  # characters: to normalise 200,000 combining marks takes minutes


def plain_digits(text: str) -> str:
    """Full-width digits made half-width, thousands separators and blanks dropped; nothing else is repaired."""
    return unicodedata.normalize("NFKC", text).replace(",", "").strip()


class FigureField(forms.Field):
    """The base of money and count fields: a unit after the box, and limits in words."""

    def __init__(self, *, unit: str = "", minimum: Decimal | int = 0, maximum: Decimal | int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if unit:
            self.widget.attrs["data-unit"] = unit
        self.validators += [
            MinValueValidator(minimum, format_lazy(_("不能小于{limit}。"), limit=f"{minimum:,}")),
            MaxValueValidator(
                maximum, format_lazy(_("不能大于{limit}，请核对是否多输了位数。"), limit=f"{maximum:,}")
            ),
        ]

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > LONGEST_FIGURE:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(plain_digits(value) if isinstance(value, str) else value)


class MoneyField(FigureField, forms.DecimalField):
    """Yuan to the fen, 0.00 to 9,999,999,999,999.99 unless told otherwise."""

    default_error_messages = {"invalid": _("请填写金额，如97,744.07。")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"unit": _("元"), "maximum": Decimal("9999999999999.99"), "decimal_places": 2} | kwargs)


class CountField(FigureField, forms.IntegerField):
    """A whole number of people, months or rows, 0 to 100,000,000 unless told otherwise."""

    default_error_messages = {"invalid": _("请填写整数，如218。")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"maximum": 100_000_000} | kwargs)


def _nothing_hidden(text: str) -> None:
    if not is_visible(text):
        raise forms.ValidationError(_("含有看不见的字符或已损坏的文字，请删去后重新输入。"), code="hidden")


class NameField(forms.CharField):
    """A name under the same rule as in a file (exchange.engine.cells.free_text)."""

    default_validators = (_nothing_hidden,)

    def to_python(self, value: Any) -> str:
        return narrowed(super().to_python(value))
