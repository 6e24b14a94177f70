"""Promise A8: when two people save one thing at once, one is refused, and that person's text stays.

Pairs of savers meet at a barrier, each with its own connection. The twins remove the comparison: then both see
success, and one person's work is lost. Short form; LEVY_LONG=1 makes it 500 pairs.
"""

import os
import re
import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Role
from audit import workflow
from audit.models import AuditEntry
from quota.models import Employer, HeadcountReturn, PlacementCheck
from quota.queries.verification import decision_seen
from quota.services import filing, verification
from quota.services.checks import run_checks
from tests.accounts.factories import RegionFactory
from tests.quota.factories import employer_account, employer_never_late, filed_return, placement
from tests.quota.test_filing import YEAR

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[..., Client]
PAIRS = 500 if os.environ.get("LEVY_LONG") else 25
COUNTY = "140105"
SAVED, CONFLICT = 302, 409


@pytest.fixture
def employer(db: None) -> Employer:
    return employer_never_late(region=RegionFactory(code=COUNTY))


def at_once(*acts: Callable[[], object]) -> list[object]:
    """The answers of the acts; all start together, each on its own connection."""
    barrier, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            barrier.wait()
            answers[place] = act()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class TwoClerks:
    """Two people of one employer with the same page of numbers open."""

    def __init__(self, employer: Employer, signed_in: SignIn) -> None:
        self.clerks = [signed_in(employer_account(employer)) for _ in range(2)]
        person = employer.memberships.first().user
        self.draft = filing.open_return(employer=employer, levy_year=YEAR, actor=person)
        self.url = reverse("quota:return", args=[self.draft.pk])

    def save(self, wages: list[str]) -> list[object]:
        self.draft.refresh_from_db()
        staff = {f"staff_{month}": "50" for month in range(1, 13)} | {"version": str(self.draft.version)}
        return at_once(
            *(
                lambda clerk=clerk, typed=typed: clerk.post(self.url, staff | {"total_wages": typed})
                for clerk, typed in zip(self.clerks, wages, strict=True)
            )
        )

    def kept(self) -> str:
        self.draft.refresh_from_db()
        return str(self.draft.total_wages)


def test_of_each_pair_of_savers_one_is_told_and_keeps_what_it_typed(employer: Employer, signed_in: SignIn) -> None:
    clerks = TwoClerks(employer, signed_in)
    for pair in range(PAIRS):
        wages = [f"{1_000_000 + pair}.00", f"{2_000_000 + pair}.00"]
        answers = clerks.save(wages)
        assert sorted(answer.status_code for answer in answers) == [SAVED, CONFLICT]
        saved, told = sorted(zip(answers, wages, strict=True), key=lambda pair: pair[0].status_code)
        assert clerks.kept() == saved[1]
        page = told[0].content.decode()
        assert "他人刚保存的内容" in page
        assert told[1] in page


def test_twin_without_the_version_the_first_saver_s_work_is_lost(
    employer: Employer, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = filing._draft

    def unguarded(headcount_return: HeadcountReturn, version: int, actor: User) -> HeadcountReturn:
        now = HeadcountReturn.objects.select_for_update(of=("self",)).get(pk=headcount_return.pk)
        return guarded(headcount_return, now.version, actor)

    monkeypatch.setattr(filing, "_draft", unguarded)
    clerks = TwoClerks(employer, signed_in)
    answers = clerks.save(["1000000.00", "2000000.00"])
    assert [answer.status_code for answer in answers] == [SAVED, SAVED]


class TwoVerifiers:
    """Two verifiers with the same person's months open."""

    def __init__(self, employer: Employer, signed_in: SignIn) -> None:
        self.filed = filed_return(employer)
        self.person = placement(employer, months=range(1, 7))
        run_checks(levy_year=self.filed.levy_year, region_code=COUNTY)
        self.clients = [signed_in(Role.VERIFIER, COUNTY) for _ in range(2)]
        self.url = reverse("quota:case_person", args=[self.filed.pk, self.person.pk])

    def decide(self, seen: str, notes: list[str]) -> list[object]:
        typed = {f"month_{month}": "1" for month in range(1, 13)} | {"reason": "R01", "seen": seen}
        return at_once(
            *(
                lambda client=client, note=note: client.post(self.url, typed | {"note": note})
                for client, note in zip(self.clients, notes, strict=True)
            )
        )

    def result(self) -> PlacementCheck:
        return PlacementCheck.objects.get(placement=self.person)


def test_of_each_pair_of_verifiers_one_is_told_and_keeps_what_it_typed(employer: Employer, signed_in: SignIn) -> None:
    pair = TwoVerifiers(employer, signed_in)
    for number in range(PAIRS):
        notes = [f"银行回单{number}号", f"考勤表{number}号"]
        answers = pair.decide(decision_seen(pair.result()), notes)
        assert sorted(answer.status_code for answer in answers) == [SAVED, CONFLICT]
        saved, told = sorted(zip(answers, notes, strict=True), key=lambda pair: pair[0].status_code)
        assert pair.result().decision_note == saved[1]
        page = told[0].content.decode()
        assert "他人刚保存的认定" in page
        assert saved[1] in page
        assert told[1] in page.split("<textarea")[1]


def test_whoever_was_told_saves_over_it_knowingly(employer: Employer, signed_in: SignIn) -> None:
    pair = TwoVerifiers(employer, signed_in)
    notes = ["银行回单", "考勤表"]
    answers = pair.decide(decision_seen(pair.result()), notes)
    _saved, told = sorted(zip(answers, pair.clients, notes, strict=True), key=lambda pair: pair[0].status_code)
    seen = re.search(r'name="seen" value="(\w+)"', told[0].content.decode())[1]
    months = {f"month_{month}": "1" for month in range(1, 13)}
    again = told[1].post(pair.url, months | {"reason": "R01", "seen": seen, "note": told[2]})
    assert again.status_code == SAVED
    assert pair.result().decision_note == told[2]


def test_twin_without_the_digest_the_first_verifier_s_decision_is_lost(
    employer: Employer, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = TwoVerifiers(employer, signed_in)
    monkeypatch.setattr(verification, "decision_seen", lambda result: "0")
    answers = pair.decide("0", ["银行回单", "考勤表"])
    assert [answer.status_code for answer in answers] == [SAVED, SAVED]


def reviewed_at_once(pair: TwoVerifiers) -> int:
    """The number of two simultaneous first reviews of one return that succeeded."""
    step = reverse("quota:case_step", args=[pair.filed.pk, "review"])
    shown = shown_to(pair, step)
    at_once(*(lambda client=client, seen=seen: client.post(step, {"seen": seen}) for client, seen in shown))
    return AuditEntry.objects.filter(action="quota.headcountreturn.review").count()


def shown_to(pair: TwoVerifiers, step: str) -> list[tuple[Client, str]]:
    pages = [(client, client.get(step).content.decode()) for client in pair.clients]
    return [(client, re.search(r'name="seen" value="(\w+)"', page)[1]) for client, page in pages]


def test_of_two_first_reviews_at_once_one_goes_through(employer: Employer, signed_in: SignIn) -> None:
    assert reviewed_at_once(TwoVerifiers(employer, signed_in)) == 1


def test_twin_without_the_state_both_reviews_go_through(
    employer: Employer, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = TwoVerifiers(employer, signed_in)
    for module in (verification, workflow):
        monkeypatch.setattr(module, "check", lambda *args, **named: None)
    monkeypatch.setattr(verification, "unless_changed", lambda *given: lambda filed: None)
    assert reviewed_at_once(pair) == 2
