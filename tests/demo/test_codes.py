"""Codes of the demo: right check digits, no person twice, and no real person."""

import pytest
from django.conf import settings

from accounts.management.commands.load_regions import read_regions
from demo.codes import CLASSES, UNASSIGNED, credit_codes, identity_number
from law.identifiers import birth_date, check_identity_number, check_uscc

ASSIGNED = read_regions(settings.BASE_DIR / "fixtures" / "regions.csv")


def test_no_identity_number_is_of_an_assigned_area():
    assert not set(UNASSIGNED) & set(ASSIGNED)
    assert {identity_number(serial)[0][:6] for serial in range(5000)} == set(UNASSIGNED)


def test_no_division_ends_in_99():
    # The reason why such an area is nobody's, now and for codes to come.
    assert not [code for code in ASSIGNED if code.endswith("99")]


def test_identity_numbers_pass_the_check_and_name_the_birthday():
    for serial in range(0, 3_000_000, 997):
        number, born = identity_number(serial)
        assert check_identity_number(number) == number
        assert birth_date(number) == born


def test_no_two_people_share_an_identity_number():
    assert len({identity_number(serial)[0] for serial in range(50_000)}) == 50_000


@pytest.mark.parametrize("entity_type", CLASSES)
def test_credit_codes_pass_the_check_and_show_class_and_county(entity_type):
    codes = credit_codes(entity_type, "140105")
    for serial in range(0, 1_000_000, 1999):
        code = codes.code(serial)
        assert check_uscc(code) == code
        assert code.startswith(CLASSES[entity_type] + "140105")


def test_no_two_units_share_a_credit_code():
    codes = credit_codes("enterprise", "140105")
    assert len({codes.code(serial) for serial in range(50_000)}) == 50_000
