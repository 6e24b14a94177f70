"""The codes are those of RFC 6238, appendix B; the code of a phone half a minute off is accepted too."""

import base64

import pytest

from accounts.sign_in.totp import STEP_SECONDS, code_at, enrolment_address, matching_step, new_secret

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_of_the_standard(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds // STEP_SECONDS) == code


@pytest.mark.parametrize(("steps_off", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_of_tolerance_to_both_sides(steps_off: int, fits: bool) -> None:
    now = 1_790_000_010.0
    step = int(now) // STEP_SECONDS + steps_off
    assert matching_step(SECRET, code_at(SECRET, step), now) == (step if fits else None)


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "１２３４５６", "\x00"])
def test_whatever_is_typed_is_only_wrong(typed: str) -> None:
    assert matching_step(SECRET, typed, 1_790_000_010.0) is None


def test_secrets_are_long_and_never_the_same() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(base64.b32decode(new_secret())) == 20


def test_the_address_in_the_qr_code_carries_account_and_issuer() -> None:
    address = enrolment_address(SECRET, account="张三", issuer="征管服务")
    assert address.startswith("otpauth://totp/%E5%BE%81")
    assert f"secret={SECRET}" in address
