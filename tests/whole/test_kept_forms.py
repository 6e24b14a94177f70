"""Typed text survives an expired session and a changed record.

The table has every address that takes a form, with one of its real pages or the reason why it keeps nothing
(promises F2 and H5).
"""

from functools import wraps
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import resolve

from accounts.models import Session, User
from accounts.permissions import Role
from accounts.sign_in.devices import COOKIE, device_cookie
from audit.errors import DomainError
from levy.models import RegionChange
from levy.services.region_changes import DIVISIONS, propose_region_change
from quota.models import VerifiedHeadcount
from tests.accounts.factories import officer
from tests.browser.forms import TYPED, Document, Form
from tests.quota.factories import employer_account
from tests.whole.test_permissions import COUNTY, ROUTES, TABLE, address, all_rights
from tests.world import World, a_county

pytestmark = pytest.mark.django_db
FROM_HERE = {"Origin": "http://testserver"}
TEXT = "经核对，原件与申报一致。"
SECRETS, CHOICES, NOTHING = "it is sent secrets", "a choice or two, no text", "a button"
NOT_KEPT = {
    "accounts:sign_in": SECRETS,
    "accounts:sign_in_code": SECRETS,
    "accounts:sign_in_set_up": SECRETS,
    "accounts:password": SECRETS,
    "accounts:new_app": SECRETS,
    "accounts:recovery_codes": SECRETS,
    "accounts:sign_out": NOTHING,
    "accounts:end_own_session": NOTHING,
    "accounts:session_state": NOTHING,
    "accounts:display": CHOICES,
    "accounts:language": CHOICES,
    "quota:return_open": NOTHING,
    "quota:copy_last_year": NOTHING,
    "quota:placement_remove": NOTHING,
    "quota:return_submit": CHOICES,
    "quota:quick": CHOICES,
    "quota:decision_preview": "a script asks; the form itself is quota:case_person",
    "quota:sign_in_code": NOTHING,
    "levy:run_start": CHOICES,
    "levy:batch_list": NOTHING,
    "levy:notice_issue": NOTHING,
    "collection:hand_over": NOTHING,
    "exchange:file_list": "a browser gives a chosen file to no second form",
    "exchange:file_write": NOTHING,
    "exchange:file_control": "three totals that lie on paper",
    "subsidies:programme_compute": CHOICES,
    "subsidies:programme_approve": NOTHING,
    "api:estimate": "for programs",
}
FORMS = {name for name, rule in TABLE.items() if "POST" in rule.methods}
KEPT = sorted(FORMS - set(NOT_KEPT))
# The step that is given a reason.
STEPS = {
    "access:change_step": "reject",
    "levy:correction_step": "reject",
    "levy:parameter_change_step": "reject",
    "levy:region_change_step": "reject",
    "quota:case_step": "send_back",
}
TYPED_ELSEWHERE = {"portal:return_amount": "quota:return"}
CLERKS = {"quota:return", "quota:placement", "quota:placement_add", "portal:return_amount"}


def test_every_form_is_kept_or_named_with_its_reason() -> None:
    assert {name for name in FORMS if getattr(ROUTES[name].callback, "keeps_typing", False)} == set(KEPT)
    assert set(NOT_KEPT) < FORMS


@pytest.fixture
def world() -> World:
    found = a_county()
    change = propose_region_change(
        kind=RegionChange.Kind.RENAME, code=COUNTY, name="新区", document_number="民函〔2026〕1号", reason="更名",
        actor=officer(Role.ADMINISTRATOR, COUNTY),
    )  # fmt: skip
    VerifiedHeadcount.objects.filter(levy_year=2023).update(credited_months=3)
    found.places["levy:correction_propose"] = {"uscc": found.employer.uscc, "levy_year": 2023}
    found.places["levy:region_propose"] = {"code": COUNTY, "kind": "rename"}
    found.places["levy:region_change_step"] = {"pk": change.pk}
    return found


def where(world: World, name: str) -> str:
    step = {"step": STEPS[name]} if name in STEPS else {}
    return address(name, **(world.places.get(name, {}) | step))


def post_of(name: str) -> Role:
    """The one of the three posts kept apart that opens the page."""
    if name.startswith("levy:parameter"):
        return Role.PARAMETER_ADMINISTRATOR
    return Role.ADMINISTRATOR if name.startswith(("access:", "levy:region")) else Role.AUDITOR


class Writer:
    """A person at a known browser who fills in every field of one form."""

    def __init__(self, world: World, name: str) -> None:
        self.person: User = employer_account(world.employer) if name in CLERKS else all_rights(COUNTY, post_of(name))
        self.client = Client(headers=FROM_HERE)
        self.client.cookies[COOKIE] = device_cookie("a" * 32, self.person.username)
        self.sign_in()
        page = where(world, TYPED_ELSEWHERE.get(name, name))
        self.form = self._form(page)
        self.target = where(world, name) if name in TYPED_ELSEWHERE else self.form.action.partition("#")[0] or page
        self.sent = self.form.wrong(TEXT)

    def _form(self, page: str) -> Form:
        forms = Document(self.client.get(page).content.decode()).forms
        form = next(f for f in forms if f.method == "post" and {entry.kind for entry in f.fields} & TYPED)
        form.fields = [entry for entry in form.fields if entry.name != "same_staff"]  # it fills the other twelve
        return form

    def sign_in(self) -> None:
        self.client.force_login(self.person)

    def post(self) -> Any:
        return self.client.post(self.target, self.sent)

    def lost(self) -> list[str]:
        """Fields that have lost the typed text."""
        html = self.client.get(self.target).content.decode()
        shown = {entry.name: entry.value for form in Document(html).forms for entry in form.fields}
        return [entry.name for entry in self.form.fields if entry.kind in TYPED and shown.get(entry.name) != TEXT]


@pytest.mark.parametrize("name", KEPT)
def test_a_form_outlives_its_session_and_a_matter_that_moved_on(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    writer = Writer(world, name)
    assert writer.lost()
    Session.objects.all().delete()
    assert writer.post()["Location"].startswith("/sign-in/?next=")
    writer.sign_in()
    assert writer.lost() == []
    assert writer.lost()  # shown once
    with monkeypatch.context() as patch:
        route = ROUTES[resolve(writer.target).view_name]
        patch.setattr(route, "callback", refusing(route.callback))
        answer = writer.post()
    assert answer.status_code == 409
    assert f'href="{writer.target}"' in answer.content.decode()
    assert writer.lost() == []


def refusing(view: Any) -> Any:
    """The same view when another person was faster."""

    @wraps(view)
    def refuse(_request: HttpRequest, **_place: Any) -> HttpResponse:
        raise DomainError("另一人刚刚办理了本事项。")

    return refuse


def test_a_reason_for_what_somebody_else_has_just_settled_comes_back(world: World) -> None:
    """The page that refuses gives the words, the way to the form and the way to what stands now."""
    writer = Writer(world, "levy:region_change_step")
    change = RegionChange.objects.get()
    DIVISIONS.reject(change, reason="文号有误", actor=officer(Role.ADMINISTRATOR, COUNTY))
    answer = writer.post()
    assert answer.status_code == 409
    assert TEXT in answer.content.decode()
    assert f'href="{change.get_absolute_url()}"' in answer.content.decode()
