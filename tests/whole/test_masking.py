"""Promise E3: no page and no file shows a whole identity or certificate number; revealing one is recorded.

Every address is requested as every role, with the objects of one county. A PDF has a page as twin (H5), which is read
instead.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.identity import decrypt
from accounts.models import User
from accounts.permissions import Role
from audit.models import AuditEntry
from law.identifiers import mask_identity
from quota.models.returns import PlacementTerms
from quota.services.verification import REVEALS_A_DAY
from tests.accounts.factories import officer
from tests.quota.factories import employer_account
from tests.whole.test_permissions import GET, TABLE, address
from tests.world import COUNTY, World, a_county

# Columns that an agreed file carries whole, by address: none today, a levy list names employers only.
CONTRACT_COLUMNS: set[str] = set()
REVEALED = 60


@pytest.fixture
def world(db: None, settings: Any) -> World:
    settings.PDF_ENABLED = False
    return a_county()


def people(world: World) -> dict[str, User | None]:
    officers = {str(role): officer(role, COUNTY) for role in Role if role != Role.EMPLOYER}
    return {"nobody": None, "employer": employer_account(world.employer), **officers}


def leaks(world: World, among: Iterable[str] = TABLE) -> Iterator[str]:
    """The places of a person's whole number, with their readers."""
    for who, person in people(world).items():
        client = Client()
        if person:
            client.force_login(person)
        for name in among:
            if TABLE[name].methods >= GET and name not in CONTRACT_COLUMNS:
                answer = client.get(address(name, **world.places.get(name, {})))
                body = b"".join(answer) if answer.streaming else answer.content
                if any(number.encode() in body for number in world.numbers):
                    yield f"{name} for {who}"


def test_no_address_shows_a_whole_number_to_any_role(world: World) -> None:
    assert len(world.numbers) == 2
    assert list(leaks(world)) == []


@pytest.mark.parametrize(
    ("guard", "found"),
    [
        ("page", {"quota:case for verifier", "quota:return for employer"}),
        ("year", {"portal:employer_year for auditor"}),
    ],
)
def test_twin_a_page_that_forgets_the_mask_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, guard: str, found: set[str]
) -> None:
    world.places["portal:employer_year"] = {"uscc": world.employer.uscc, "levy_year": 2025}
    monkeypatch.setattr(PlacementTerms, "masked_identity", property(lambda person: decrypt(person.identity_encrypted)))
    assert found <= set(leaks(world, {place.partition(" ")[0] for place in found}))


@pytest.mark.parametrize("number", ["140199198506150017", "14019919850615001743", "14019919850615001X43B1", "123456"])
def test_a_mask_shows_five_characters_of_a_person_and_nothing_of_the_disability(number: str) -> None:
    person, more = number[:18], number[18:]
    shown = f"{person[:3]}{'*' * 13}{person[-2:]}{'*' * len(more)}"
    assert mask_identity(number) == (shown if len(number) >= 18 else "******")


def test_every_opening_is_one_entry_without_the_number_and_many_raise_an_alarm(
    world: World, signed_in: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    person = officer(Role.VERIFIER, COUNTY)
    client, url = signed_in(person), address("quota:reveal", **world.places["quota:reveal"])
    caplog.set_level(logging.WARNING)
    for times in range(1, REVEALED + 1):
        assert world.numbers[0] in client.post(url, {"reason": "与原件核对"}).content.decode()
        assert ("identity numbers today" in caplog.text) == (times > REVEALS_A_DAY)
    entries = AuditEntry.objects.filter(action="quota.placement.reveal", actor=person)
    assert entries.count() == REVEALED
    stored = [str(entry) for entry in entries.values_list("reason", "details", "object_id")]
    assert not [text for text in stored if world.numbers[0] in text]
    assert world.numbers[0] not in caplog.text
