"""The cost of a page: at most twelve queries, on every page of the site, for every role that may open it.

The addresses are those of one county with one object of everything, and all links of their pages: filters, tabs and
orders count too. The second request is measured, as for a person already at work.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.permissions import ROLE_PERMISSIONS, Role
from disclosure.models import Publication
from disclosure.services import publications
from tests.accounts.factories import officer
from tests.browser.crawling import Walk, walk
from tests.quota.factories import employer_account
from tests.whole.test_permissions import PUBLIC, SIGNED_IN, TABLE, address
from tests.world import COUNTY, PREFECTURE, World, a_county

MOST = 12
# Addresses that no link carries: what a form adds.
FILTERED = {
    "quota:queue": f"?levy_year=2025&region={COUNTY}&entity_type=enterprise&state=checked&sort=-difference",
    "portal:employer_search": "?q=标记公司",
    "collection:collection": f"?levy_year=2024&region={COUNTY}",
    "levy:parameter_list": f"?region={COUNTY}",
    "quota:quick": f"?levy_year=2025&region={COUNTY}",
    "disclosure:search": "?q=标记公司",
}
# No pages, or not in this county, each with its reason.
ELSEWHERE = {
    "operations:health": "for a watcher",
    "operations:ready": "for a watcher",
    "operations:metrics": "for a watcher",
    "api:schema": "for programs",
    "accounts:session_state": "for a script",
    "accounts:oidc_start": "leads to another authority",
    "accounts:oidc_return": "comes from another authority",
    "accounts:sign_in_code": "a step of signing in",
    "accounts:sign_in_set_up": "a step of signing in",
    "accounts:recovery_codes": "shown once, after a form",
    "disclosure:region_newest": "leads on to the newest year",
    "portal:return_amount": "answers a form that is being typed",
    "levy:region_change": "tests/levy/test_region_changes.py counts it",
    "levy:region_change_step": "tests/levy/test_region_changes.py counts it",
    "exchange:file_write": "of a file without faults",
    "levy:batch_file": "a file",
    "collection:collection_file": "a file",
    "portal:employer_dates": "a file",
    "exchange:file_faults": "a file",
    "exchange:file_changes": "a file",
    "exchange:file_control": "of a file of payments",
    "collection:payment_mismatches": "a file",
    "exchange:file_template": "a file",
    "collection:list_download": "a file",
    "levy:notice_file": "a file",
    "levy:run_movement": "a file",
    "levy:run_report_file": "a file",
    "quota:certificate_file": "a file",
    "quota:queue_file": "a file",
    "subsidies:award_file": "a file",
    "disclosure:download": "a file",
    "disclosure:publication_file": "a file",
}


@pytest.fixture
def world(db: None, settings: Any) -> World:
    """The county of everything, with its year 2024 published."""
    settings.PDF_ENABLED = False  # no page of the walk draws a paper
    made = a_county()
    publications.PUBLICATIONS.approve(Publication.objects.get(), actor=officer(Role.FINANCE_OFFICER, COUNTY))
    made.places |= {
        "disclosure:employer": {"uscc": made.employer.uscc},
        "disclosure:employer_year": {"uscc": made.employer.uscc, "levy_year": 2024},
        "disclosure:region": {"code": COUNTY, "levy_year": 2024},
    }
    return made


def may(role: Role | None, name: str) -> bool:
    who = TABLE[name].who
    if who in (PUBLIC, SIGNED_IN):
        return (who == PUBLIC) == (role is None)
    return role is not None and bool(ROLE_PERMISSIONS[role] & who)


def starts(world: World, role: Role | None) -> list[str]:
    """Every address that the table opens to the role, those with filters first."""
    names = [name for name, rule in TABLE.items() if "GET" in rule.methods and may(role, name)]
    plain = {name: address(name, **world.places.get(name, {})) for name in names}
    return [plain[name] + query for name, query in FILTERED.items() if name in plain] + list(plain.values())


def cost(client: Client, url: str) -> int:
    """Queries of one request; COPY, which a page sends at most once, is not counted."""
    asked = 0

    def count(execute: Callable[..., Any], *told: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*told)

    with connection.execute_wrapper(count):
        assert client.get(url).status_code == 200
    return asked


def people(world: World) -> Iterator[tuple[Role | None, User | None]]:
    """The public, the employer's clerk, and an officer of each role, each for a whole city."""
    yield None, None
    yield Role.EMPLOYER, employer_account(world.employer)
    for role in Role:
        if role != Role.EMPLOYER:
            yield role, officer(role, PREFECTURE)


def walked(world: World) -> Iterator[tuple[Client, Walk]]:
    for role, person in people(world):
        client = Client()
        if person:
            client.force_login(person)
        yield client, walk(client, starts(world, role))


def test_every_page_costs_at_most_twelve_queries(world: World) -> None:
    seen: set[str] = set()
    dear: list[str] = []
    for client, done in walked(world):
        seen |= set(done.pages)
        asked = {(name, url): cost(client, url) for name, urls in done.pages.items() for url in urls}
        dear += [f"{url}: {queries}" for (name, url), queries in asked.items() if queries > MOST]
    assert not dear, "\n".join(dear)
    assert {name for name, rule in TABLE.items() if "GET" in rule.methods} - seen == set(ELSEWHERE)
