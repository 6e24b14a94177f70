"""The order of locks (docs/locks.md): two simultaneous transactions both end, whichever of them gets the trail first.

The test itself locks the audit chain while both start: each takes its locks and then waits, mostly for the chain,
which PostgreSQL gives in the order of arrival. Then the test releases it. A transaction that has the chain and still
needs a lock deadlocks with one that has this lock and waits for the chain.
"""

import ast
import re
import threading
from datetime import date
from itertools import pairwise

import pytest
from django.db import connection, transaction

from accounts.permissions import Role
from quota.kinds import RETURNS
from quota.services import filing
from quota.services.checks import check_employers
from quota.services.verification import send_back
from tests.accounts.factories import RegionFactory, officer
from tests.conftest import ROOT
from tests.exchange.files import load
from tests.exchange.test_loading import CODES
from tests.exchange.test_loading import filing as changed
from tests.levy.factories import started_run
from tests.quota.factories import (
    EmployerFactory,
    employer_account,
    employer_never_late,
    filed_return,
    identity_number,
    placement,
    verified_year,
)
from tests.whole.lock_pairs import (
    CHAIN,
    COUNTY,
    PAIRS,
    PROVINCE,
    Act,
    Pair,
    Side,
    an_upload,
    both_end,
    county,
    is_deadlock,
    meet,
)
from tests.whole.test_project import APPS


@pytest.fixture
def divisions(transactional_db: None) -> None:
    for code in (PROVINCE, "140100", COUNTY, "140106"):
        RegionFactory(code=code)


@pytest.mark.parametrize("is_turned", [False, True], ids=["in this order", "the other way round"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.__name__)
def test_two_who_share_locks_both_come_to_an_end(divisions: None, pair: Pair, is_turned: bool) -> None:
    acts = pair()
    sides = meet(*reversed(acts)) if is_turned else meet(*acts)
    assert both_end(sides)


def a_file_and_a_correction() -> tuple[Act, Act, str]:
    """A return that was sent back comes without a person whom a neighbour claims too; a file changes the returns of
    both. The neighbour's return has the lower number, so the file locks it first."""
    employer_never_late()
    neighbour, employer = (EmployerFactory(uscc=code, region=county()) for code in CODES[:2])
    identity = identity_number()
    first, own = (filed_return(each, filed_on=date(2026, 1, 1)) for each in (neighbour, employer))
    for each in (neighbour, employer):
        placement(each, identity=identity)
    check_employers(levy_year=2025, employer_ids=[neighbour.pk, employer.pk])
    clerk = employer_account(employer)
    send_back(headcount_return=own, reason="少一人", actor=officer(Role.VERIFIER, COUNTY))
    own.draft_placements.all().delete()
    rows = [changed("2026-01-01", staff="90", code=code) for code in CODES[:2]]
    return (
        lambda: load(RETURNS, rows),
        lambda: filing.submit_return(headcount_return=own, version=own.version, actor=clerk),
        f"SELECT FROM quota_headcountreturn WHERE id = {first.pk} FOR NO KEY UPDATE",
    )


@pytest.mark.parametrize("is_turned", [False, True], ids=["the file first", "the correction first"])
def test_a_file_and_a_correction_lock_the_returns_in_one_order(divisions: None, is_turned: bool) -> None:
    file, correction, neighbours_return = a_file_and_a_correction()
    acts = (correction, file) if is_turned else (file, correction)
    assert both_end(meet(*acts, behind=neighbours_return))


# The twins: the same locks the other way round


def the_ladder() -> dict[str, str]:
    """One lock of each step of the order, with the function that takes it."""
    verified_year(EmployerFactory(region=county()))
    run = started_run(region=COUNTY)
    person = officer(Role.VERIFIER, COUNTY)
    return {
        "the checks": "SELECT pg_advisory_xact_lock(hashtext('quota checks'), 2025)",
        "the slice": f"SELECT FROM levy_assessmentslice WHERE run_id = {run.pk} FOR NO KEY UPDATE",
        "the province": f"SELECT FROM accounts_region WHERE code = '{PROVINCE}' FOR NO KEY UPDATE",
        "the county": f"SELECT FROM accounts_region WHERE code = '{COUNTY}' FOR NO KEY UPDATE",
        "the account": f"SELECT FROM accounts_user WHERE id = {person.pk} FOR NO KEY UPDATE",
        "the run": f"SELECT FROM levy_assessmentrun WHERE id = {run.pk} FOR NO KEY UPDATE",
        "the supplements": "SELECT pg_advisory_xact_lock(hashtext('levy supplement'), 2025)",
        "the chain": CHAIN,
    }


def taking(*locks: str, then: Act | None = None) -> Act:
    """Take the locks one after the other; `then` runs between the first and the second."""

    def act() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for number, lock in enumerate(locks):
                if number and then:
                    then()
                cursor.execute(lock)

    return act


def test_two_who_take_every_lock_in_the_order_both_come_to_an_end(divisions: None) -> None:
    steps = list(the_ladder().values())
    for first in steps:
        assert [side.failure for side in meet(taking(*steps), taking(*steps), behind=first)] == [None, None]


def test_twin_two_who_take_two_locks_in_opposite_orders_deadlock(divisions: None) -> None:
    steps = list(the_ladder().values())
    for before, after in pairwise(steps):
        both = threading.Barrier(2)
        sides = [Side(taking(*locks, then=both.wait)) for locks in ((before, after), (after, before))]
        for side in sides:
            side.start()
        for side in sides:
            side.join()
        assert sorted(is_deadlock(side.failure) for side in sides) == [False, True]


def test_twin_a_row_locked_with_its_key_deadlocks_with_whoever_points_to_it(divisions: None) -> None:
    with_key = f"SELECT FROM accounts_region WHERE code = '{PROVINCE}' FOR UPDATE"
    sides = meet(an_upload(), taking(with_key, CHAIN))
    assert sorted(is_deadlock(side.failure) for side in sides) == [False, True]


# The page


PAGE = (ROOT / "docs" / "locks.md").read_text(encoding="utf-8")
TAKES = re.compile(r"select_for_update\(|pg_(try_)?advisory|FOR (NO KEY )?UPDATE|FOR (KEY )?SHARE|LOCK TABLE")


def product() -> dict[str, str]:
    """The product's modules and their text. Migrations repeat the triggers of the models."""
    paths = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


def test_every_module_that_locks_is_on_the_page() -> None:
    locking = {path for path, text in product().items() if TAKES.search(text)}
    assert len(locking) > 15
    assert sorted(path for path in locking if f"`{path}`" not in PAGE) == []


def test_every_module_on_the_page_exists() -> None:
    named = set(re.findall(r"`([\w/]+\.py)`", PAGE))
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_every_row_is_locked_without_its_key() -> None:
    calls = {
        f"{path}:{call.lineno}": {word.arg for word in call.keywords}
        for path, text in product().items()
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "select_for_update"
    }
    assert len(calls) > 25
    assert sorted(place for place, words in calls.items() if "no_key" not in words) == []
    assert [path for path, text in product().items() if re.search(r"FOR UPDATE", text)] == []
