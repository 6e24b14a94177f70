"""Codes: the official samples pass, every single slip is caught, and no code is silently repaired."""

import string
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law.identifiers import (
    IdentifierError,
    birth_date,
    check_certificate_number,
    check_identity_number,
    check_region_code,
    check_uscc,
    is_female,
    mask_identity,
)

USCC = "91350100M000100Y43"
IDENTITY = "11010519491231002X"


@pytest.mark.parametrize(
    "code", [USCC, "91110108551385082Q", "914403001922038216", "92140213MA0100001M", "9114010000000E0018"]
)
def test_real_credit_codes_pass(code):
    assert check_uscc(code) == code


@pytest.mark.parametrize("text", [f"  {USCC}\n", USCC.lower(), "９１350100M000100Y43", f"\u3000{USCC}\u00a0"])
def test_blanks_case_and_full_width_digits_are_normalised(text):
    assert check_uscc(text) == USCC


@pytest.mark.parametrize(
    "text",
    [
        "91350100M000100Y4",
        "91350100M000100Y433",
        "91350100M000100Y44",
        "9135010OM000100Y43",
        "91350100I000100Y43",
        "91350100 M000100Y43",
        "9１350100Ｍ000100Y43",
        "000000000000000000",
        "91350１00M000100Y4٣",
    ],
)
def test_a_faulty_credit_code_is_refused(text):
    with pytest.raises(IdentifierError, match="统一社会信用代码"):
        check_uscc(text)


@given(st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_any_single_wrong_character_of_a_credit_code_is_caught(position, character):
    slip = USCC[:position] + character + USCC[position + 1 :]
    if slip != USCC:
        with pytest.raises(IdentifierError):
            check_uscc(slip)


@pytest.mark.parametrize("number", [IDENTITY, "34052419800101001X"])
def test_real_identity_numbers_pass(number):
    assert check_identity_number(f" {number.lower()} ") == number


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "为空"),
        ("110105491231002", "18位"),
        ("110105194912310021", "校验码"),
        ("11010519490231002X", "出生日期"),
        ("11010518491231002X", "18位"),
        ("1101051949123100X2", "18位"),
        ("1.10105194912310E+17", "科学计数"),
        ("110105194912310020.0", "小数"),
        ("１１０１０５１９４９１２３１００２Ｘ", "18位"),
    ],
)
def test_a_faulty_identity_number_is_refused_with_cause_and_cure(text, complaint):
    with pytest.raises(IdentifierError, match=complaint) as refusal:
        check_identity_number(text)
    assert "请" in str(refusal.value)


@given(st.integers(0, 17), st.sampled_from(string.digits + "X"))
def test_any_single_wrong_digit_of_an_identity_number_is_caught(position, digit):
    slip = IDENTITY[:position] + digit + IDENTITY[position + 1 :]
    if slip != IDENTITY:
        with pytest.raises(IdentifierError):
            check_identity_number(slip)


@given(st.text(max_size=30))
def test_any_text_either_passes_or_is_refused(text):
    for check in (check_uscc, check_identity_number, check_region_code):
        with suppress(IdentifierError):
            assert check(text).isascii()


def test_an_area_code_need_not_exist_any_more():
    assert check_identity_number("000000194912310027") == "000000194912310027"


@pytest.mark.parametrize(
    "number", ["11010519491231002X42", "11010519491231002X42B1", "11010519491231002x71b9", " 11010519491231002X11 "]
)
def test_disability_certificates_carry_the_identity_number_category_and_level(number):
    assert check_certificate_number("disabled_person", number) == number.strip().upper()


@pytest.mark.parametrize(
    ("number", "complaint"),
    [
        ("11010519491231002X", "20位"),
        ("11010519491231002X4", "20位"),
        ("11010519491231002X82", "20位"),
        ("11010519491231002X45", "20位"),
        ("11010519491231002X42B", "20位"),
        ("11010519491231002X42B0", "20位"),
        ("11010519491231002142", "前18位"),
        ("1.10105194912E+19", "科学计数"),
    ],
)
def test_a_faulty_disability_certificate_number_is_refused(number, complaint):
    with pytest.raises(IdentifierError, match=complaint):
        check_certificate_number("disabled_person", number)


def test_soldiers_certificates_have_numbers_of_their_own():
    assert check_certificate_number("disabled_soldier", " 军残000017-10 ") == "军残000017-10"
    assert check_certificate_number("disabled_soldier", "晋军f012345") == "晋军F012345"


@pytest.mark.parametrize("number", ["", "   ", "军" * 41, "军残\x00001", "1.5E+12"])
def test_a_soldiers_certificate_number_has_bounds(number):
    with pytest.raises(IdentifierError):
        check_certificate_number("disabled_soldier", number)


def test_an_unknown_kind_of_certificate_is_refused():
    with pytest.raises(IdentifierError, match="证件类型"):
        check_certificate_number("passport", "E12345678")


@pytest.mark.parametrize("code", ["140000", "140100", "140105", "659001", "500101", "710000", " 110101 ", "１40105"])
def test_regions_of_every_level_pass(code):
    assert check_region_code(code) in {"140000", "140100", "140105", "659001", "500101", "710000", "110101"}


@pytest.mark.parametrize("code", ["14", "14010", "1401055", "160000", "990101", "140005", "14010A", "1401٠5"])
def test_a_faulty_region_code_is_refused(code):
    with pytest.raises(IdentifierError, match="行政区划代码"):
        check_region_code(code)


def test_birth_and_sex_are_read_from_the_number():
    assert birth_date(IDENTITY) == date(1949, 12, 31)
    assert is_female(IDENTITY)
    assert not is_female("34052419800101001X")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (IDENTITY, "110*************2X"),
        ("11010519491231002X42B1", "110*************2X****"),
        ("军残000017-10", "***********"),
        ("", ""),
    ],
)
def test_a_mask_shows_three_and_two_characters_and_neither_category_nor_level(text, shown):
    assert mask_identity(text) == shown
