"""A session that ends during typing costs only a sign-in: the text is there again, for its author only."""

import base64
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.frame.kept_forms import KEPT, LARGEST
from accounts.models import Session, User
from accounts.sealing import seal
from quota.enums import ReturnState
from quota.models import HeadcountReturn, Membership
from quota.services import filing
from tests.accounts.factories import PASSWORD, with_password
from tests.quota.factories import EmployerFactory, certificate, employer_account, identity_number

pytestmark = pytest.mark.django_db
YEAR = datetime.now(ZoneInfo("Asia/Shanghai")).year - 1
HALF_AN_HOUR = 30 * 60


@pytest.fixture
def clerk() -> User:
    return with_password(employer_account(EmployerFactory()))


@pytest.fixture
def draft(clerk: User) -> HeadcountReturn:
    return filing.open_return(employer=clerk.memberships.get().employer, levy_year=YEAR, actor=clerk)


def sign_in(client: Client, person: User, next_page: str = "") -> Any:
    return client.post("/sign-in/", {"username": person.username, "password": PASSWORD, "next": next_page})


def numbers(draft: HeadcountReturn) -> dict[str, str]:
    return {"version": "1", "total_wages": "4711.00", **{f"staff_{month}": "33" for month in range(1, 13)}}


def next_of(answer: Any) -> str:
    assert answer.status_code == 302
    address, _, query = answer["Location"].partition("?next=")
    assert address == "/sign-in/"
    return query


def kept(client: Client) -> SessionBase:
    return client.session


def test_the_numbers_are_there_again_after_sign_in_and_can_be_saved(clerk: User, draft: HeadcountReturn) -> None:
    page = reverse("quota:return", args=[draft.pk])
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = Client()
        sign_in(client, clerk)
        clock.shift(HALF_AN_HOUR)
        back = next_of(client.post(page, numbers(draft)))
        assert back == page
        assert "已为您保留" in client.get("/sign-in/", {"next": back}).content.decode()
        assert sign_in(client, clerk, back).url == page
        shown = client.get(page)
        assert "先前填写的内容" in shown.content.decode()
        assert shown.context["form"]["total_wages"].value() == "4711.00"
        client.post(page, {name: shown.context["form"][name].value() for name in numbers(draft)})
        draft.refresh_from_db()
        assert draft.staff_months == 33 * 12
        assert "先前填写的内容" not in client.get(page).content.decode()


def test_a_session_ended_elsewhere_loses_nothing_either(clerk: User, draft: HeadcountReturn) -> None:
    page, client = reverse("quota:return", args=[draft.pk]), Client()
    sign_in(client, clerk)
    Session.objects.filter(user=clerk).delete()
    client.post(page, numbers(draft))
    sign_in(client, clerk, page)
    assert client.get(page).context["form"]["staff_1"].value() == "33"


def test_an_identity_number_is_sealed_where_it_waits_and_in_no_address(clerk: User, draft: HeadcountReturn) -> None:
    identity, page, client = identity_number(), reverse("quota:placement_add", args=[draft.pk]), Client()
    sign_in(client, clerk)
    Session.objects.filter(user=clerk).delete()
    answer = client.post(
        page, {"name": "郭秀兰", "identity_number": identity, "certificate_number": certificate(identity)}
    )
    assert identity not in answer["Location"]
    assert identity not in str(dict(kept(client)))
    sign_in(client, clerk, page)
    shown = client.get(page)
    assert shown.context["form"]["identity_number"].value() == identity
    assert KEPT not in kept(client)


def test_another_person_at_the_same_browser_sees_nothing_of_it(clerk: User, draft: HeadcountReturn) -> None:
    colleague = with_password(employer_account(EmployerFactory()))
    Membership.objects.create(user=colleague, employer=draft.employer)
    page, client = reverse("quota:return", args=[draft.pk]), Client()
    sign_in(client, clerk)
    Session.objects.filter(user=clerk).delete()
    client.post(page, numbers(draft))
    sign_in(client, colleague, page)
    assert client.get(page).context["form"]["total_wages"].value() != "4711.00"
    assert KEPT not in kept(client)


def test_it_is_forgotten_after_half_an_hour(clerk: User, draft: HeadcountReturn) -> None:
    page = reverse("quota:return", args=[draft.pk])
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = Client()
        sign_in(client, clerk)
        clock.shift(HALF_AN_HOUR)
        client.post(page, numbers(draft))
        clock.shift(20 * 60)
        sign_in(client, clerk, page)
        clock.shift(11 * 60)
        assert client.get(page).context["form"]["total_wages"].value() != "4711.00"


def test_numbers_typed_while_a_colleague_filed_the_return_are_still_there(clerk: User, draft: HeadcountReturn) -> None:
    page, client = reverse("quota:return", args=[draft.pk]), Client()
    sign_in(client, clerk)
    HeadcountReturn.objects.filter(pk=draft.pk).update(state=ReturnState.SUBMITTED, filed_on=f"{YEAR + 1}-03-01")
    shown = client.post(page, numbers(draft))
    assert shown.context["form"]["total_wages"].value() == "4711.00"
    assert shown.context["form"].non_field_errors()
    draft.refresh_from_db()
    assert draft.staff_months == 0


@pytest.mark.parametrize("spoilt", [bytes([99]) + b"x" * 40, seal("{}", b"another purpose")], ids=["key", "seal"])
def test_what_can_no_longer_be_opened_is_gone_and_breaks_no_page(
    clerk: User, draft: HeadcountReturn, spoilt: bytes
) -> None:
    client = Client()
    sign_in(client, clerk)
    session = kept(client)
    session[KEPT] = base64.b64encode(spoilt).decode()
    session.save()
    assert client.get(reverse("quota:return", args=[draft.pk])).status_code == 200
    assert KEPT not in kept(client)


@pytest.mark.parametrize("is_known", [True, False], ids=["too much", "from a browser nobody signed in from"])
def test_strangers_store_nothing(clerk: User, draft: HeadcountReturn, is_known: bool) -> None:
    page, client = reverse("quota:return", args=[draft.pk]), Client()
    if is_known:
        sign_in(client, clerk)
        Session.objects.filter(user=clerk).delete()
    client.post(page, {"total_wages": "9" * (LARGEST if is_known else 9)})
    assert KEPT not in kept(client)


def test_a_button_pressed_too_late_leads_back_to_its_page(clerk: User, draft: HeadcountReturn) -> None:
    page = reverse("quota:return", args=[draft.pk])
    late = Client(headers={"referer": f"http://testserver{page}"})
    assert next_of(late.post(reverse("quota:copy_last_year", args=[draft.pk]), {"version": 1})) == page
    elsewhere = Client(headers={"referer": "http://elsewhere.example/returns/1/"})
    assert next_of(elsewhere.post(reverse("quota:copy_last_year", args=[draft.pk]))) == "/home/"


def test_a_form_from_before_a_new_sign_in_keeps_its_text(clerk: User, draft: HeadcountReturn) -> None:
    page, client = reverse("quota:return", args=[draft.pk]), Client(enforce_csrf_checks=True)
    client.get("/sign-in/")
    token = client.cookies["csrftoken"].value
    ours = {"headers": {"origin": "http://testserver"}}
    client.post("/sign-in/", {"username": clerk.username, "password": PASSWORD, "csrfmiddlewaretoken": token}, **ours)
    stale = numbers(draft) | {"csrfmiddlewaretoken": "a" * 32}
    assert client.post(page, stale, **ours).url == page
    assert client.get(page).context["form"]["total_wages"].value() == "4711.00"
    foreign = client.post(page, stale, headers={"origin": "http://elsewhere.example"})
    assert foreign.status_code == 403
    assert client.get(page).context["form"]["total_wages"].value() != "4711.00"
