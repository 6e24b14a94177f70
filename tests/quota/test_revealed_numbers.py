"""Revealing a whole identity number: the right, the reason and the audit entry."""

import pytest

from accounts.models import User
from accounts.permissions import Role
from audit.errors import PermissionMissing, ReasonMissing
from audit.queries import trail_of
from quota.models import Placement
from quota.services import verification
from quota.services.verification import reveal_identity
from tests.accounts.factories import officer
from tests.quota.factories import EmployerFactory, placement

pytestmark = pytest.mark.django_db
COUNTY = "140105"


@pytest.fixture
def first() -> User:
    return officer(Role.VERIFIER, COUNTY)


@pytest.fixture
def row() -> Placement:
    return placement(EmployerFactory())


def test_a_whole_identity_number_needs_the_right_and_a_reason_and_leaves_a_trail_without_it(
    row: Placement, first: User
) -> None:
    with pytest.raises(ReasonMissing):
        reveal_identity(placement=row, reason=" ", actor=first)
    with pytest.raises(PermissionMissing):
        reveal_identity(placement=row, reason="核对", actor=officer(Role.AUDITOR, COUNTY))
    number = reveal_identity(placement=row, reason="与原件核对", actor=first)
    assert len(number) == 18
    entry = trail_of(row).get()
    assert (entry.actor, entry.reason) == (first, "与原件核对")
    assert number not in str(entry.details)


def test_opening_many_numbers_in_a_day_is_reported_to_the_operators(
    row: Placement, first: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(verification, "REVEALS_A_DAY", 2)
    for _ in range(3):
        assert "identity numbers" not in caplog.text
        number = reveal_identity(placement=row, reason="核对", actor=first)
    assert f"{first.username} opened 3 identity numbers today" in caplog.text
    assert number not in caplog.text
