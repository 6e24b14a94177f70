"""The menu of each role, on every page; and the panels that an app shows on another app's page."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.permissions import Role
from casework.desk import OFFICE_MENU, PANELS, PUBLIC_MENU, MenuEntry, Place, beside, menu_for, panels
from tests.accounts.factories import officer
from tests.whole.test_permissions import GET, PUBLIC, SIGNED_IN, TABLE

SignIn = Callable[..., Client]
# Pages without a place of their own in the menu, and the page that leads to each.
REACHED_FROM = {
    "access:change_list": "access:people",
    "access:person_new": "access:people",
    "levy:run_start": "levy:run_list",
    "levy:parameter_change_list": "levy:parameter_list",
    "quota:certificate_changes": "quota:queue",
    "quota:quick": "quota:queue",
    "subsidies:programme_list": "subsidies:award_list",
    "disclosure:publication_start": "disclosure:publication_list",
}
FILES = {"quota:queue_file", "collection:collection_file", "collection:payment_mismatches", "subsidies:award_file"}


def pages_of_rights() -> Iterator[str]:
    """Every page that a right opens and whose address has no parts."""
    for name, rule in TABLE.items():
        if isinstance(rule.who, frozenset) and rule.methods >= GET and name not in FILES:
            try:
                reverse(name)
            except NoReverseMatch:
                continue
            yield name


def test_every_page_of_a_right_is_in_the_menu_or_behind_a_page_of_it() -> None:
    in_menu = {entry.page for entry in OFFICE_MENU if entry.rights}
    assert set(pages_of_rights()) == in_menu | set(REACHED_FROM)
    assert set(REACHED_FROM.values()) <= in_menu


def test_an_entry_is_shown_to_those_who_may_open_its_page() -> None:
    assert {e.page: frozenset(e.rights) for e in OFFICE_MENU if e.rights} == {
        e.page: TABLE[e.page].who for e in OFFICE_MENU if e.rights
    }
    assert {TABLE[e.page].who for e in OFFICE_MENU if not e.rights} == {SIGNED_IN}
    assert {TABLE[e.page].who for e in PUBLIC_MENU} == {PUBLIC}


def test_no_page_and_no_place_in_the_order_is_taken_twice() -> None:
    for entries in (OFFICE_MENU, PUBLIC_MENU):
        assert len({entry.page for entry in entries}) == len({entry.order for entry in entries}) == len(entries)


def test_an_entry_without_a_page_is_an_error(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casework.desk.PUBLIC_MENU", [MenuEntry(1, "quota:no_such_page", "无此页")])
    with pytest.raises(NoReverseMatch):
        client.get(reverse("disclosure:home"))


def test_the_menu_is_in_order_and_opens_with_the_desk(db: None) -> None:
    person = officer(Role.TAX_OFFICER, "140105")
    assert [entry.page for entry in menu_for(person)] == [
        "casework:desk",
        "levy:run_list",
        "levy:correction_list",
        "collection:list_choose",
        "collection:collection",
        "portal:employer_search",
        "exchange:file_list",
    ]


@pytest.mark.parametrize("role", Role)
def test_every_page_of_the_menu_leads_back_to_the_desk(role: Role, signed_in: SignIn) -> None:
    person = officer(role, "140105")
    client = signed_in(person)
    for entry in [*menu_for(person), *PUBLIC_MENU]:
        html = client.get(entry.url).content.decode()
        menu = html[html.index('aria-label="主导航"') :]
        assert re.search(r'<a\s[^>]*?href="([^"]*)"', menu)[1] == reverse("casework:desk"), entry.page


def test_a_refused_page_leads_to_the_desk_too(signed_in: SignIn) -> None:
    answer = signed_in(Role.VERIFIER, "140105").get(reverse("access:people"))
    assert answer.status_code == 403
    assert f'href="{reverse("casework:desk")}"' in answer.content.decode()


def test_a_panel_is_left_out_where_its_app_has_nothing_for_the_reader(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casework.desk.PANELS", type(PANELS)(list))
    place = Place("somewhere")
    beside(place, "shown.html")(lambda reader, year: {"year": year})
    beside(place, "kept.html")(lambda reader, year: None)
    assert [
        (panel.template, panel.context) for panel in panels(place, officer(Role.AUDITOR, "140105"), year=2025)
    ] == [("shown.html", {"year": 2025})]
