"""Fields of forms: names under the same rule as in files, figures of a bounded length."""

import pytest
from django import forms
from django.core.exceptions import ValidationError

from access.forms import PersonForm
from design.fields import MoneyField, NameField
from levy.forms import RegionChangeForm
from quota.forms import PlacementForm


@pytest.mark.parametrize("form", [PersonForm, PlacementForm, RegionChangeForm])
def test_every_typed_name_is_a_name(form: type[forms.Form]) -> None:
    assert isinstance(form.base_fields["name"], NameField)


@pytest.mark.parametrize("typed", ["张\U000e0041三", "张\u202e三", "张\ue000三", "张\u3164三"])
def test_a_typed_name_hides_nothing(typed: str) -> None:
    with pytest.raises(ValidationError, match="看不见"):
        NameField().clean(typed)


def test_a_typed_name_has_letters_of_one_width() -> None:
    assert NameField().clean(" Ａli·买买提\U00031350 ") == "Ali·买买提\U00031350"


@pytest.mark.parametrize("typed", ["\u0315\u0300" * 1000, "1" * 101])
def test_a_figure_is_refused_by_its_length_before_it_is_normalised(typed: str) -> None:
    with pytest.raises(ValidationError, match="请填写金额"):
        MoneyField().clean(typed)
