"""An employer gets a code over the counter and replaces it by a password."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.errors import NotAnEmployersAccount
from accounts.models import Region, User
from accounts.permissions import Role
from audit.errors import PermissionMissing
from audit.models import AuditEntry
from quota.models import Membership
from quota.services.sign_in_codes import issue_sign_in_code
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import EmployerFactory, employer_account

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
OWN = "完全不同的一句话 4711"


def code_on(page: str) -> str:
    return re.search(r'class="code">((?:[A-Z0-9]{4}-){3}[A-Z0-9]{4})<', page)[1]


def test_from_the_counter_to_the_own_employers_pages(signed_in: SignedIn) -> None:
    employer = EmployerFactory()
    counter = signed_in(Role.VERIFIER, employer.region_id)
    found = counter.get("/sign-in-codes/", {"uscc": f" {employer.uscc.lower()} "})
    assert found.url == f"/sign-in-codes/{employer.uscc}/"
    code = code_on(counter.post(found.url).content.decode())
    assert code not in counter.get(found.url).content.decode()

    client = Client()
    client.post("/sign-in/", {"username": employer.uscc, "password": code})
    assert client.get("/home/").url == "/account/password/"
    client.post("/account/password/", {"current": code, "new": OWN, "again": OWN})
    account = User.objects.get(username=employer.uscc)
    assert [m.employer for m in account.memberships.all()] == [employer]
    assert [(a.role, a.region_id) for a in account.current_appointments] == [(Role.EMPLOYER, employer.region_id)]
    again = Client()
    assert again.post("/sign-in/", {"username": employer.uscc, "password": code}).status_code == 200
    assert again.post("/sign-in/", {"username": employer.uscc, "password": OWN}).status_code == 302
    assert AuditEntry.objects.filter(action="accounts.user.issue_password", details__user=employer.uscc).exists()


def test_a_new_code_ends_the_old_password_and_its_sessions() -> None:
    employer = EmployerFactory()
    verifier = officer(Role.VERIFIER, employer.region_id)
    account, first = issue_sign_in_code(employer=employer, actor=verifier)
    inside = Client()
    inside.post("/sign-in/", {"username": employer.uscc, "password": first})
    _account, second = issue_sign_in_code(employer=employer, actor=verifier)
    assert inside.get("/account/password/").status_code == 302
    assert Client().post("/sign-in/", {"username": employer.uscc, "password": first}).status_code == 200
    assert Client().post("/sign-in/", {"username": employer.uscc, "password": second}).status_code == 302
    assert Membership.objects.filter(user=account).count() == 1


def test_everybody_who_acts_for_the_employer_is_told_of_a_code(signed_in: SignedIn) -> None:
    employer = EmployerFactory()
    clerk = employer_account(employer)
    issuer = officer(Role.VERIFIER, employer.region_id)
    User.objects.filter(pk=issuer.pk).update(name="王一")
    _account, code = issue_sign_in_code(employer=employer, actor=issuer)
    assert "由王一签发" in signed_in(clerk).get("/my-employers/").content.decode()
    first = Client()
    first.post("/sign-in/", {"username": employer.uscc, "password": code})
    assert "由王一签发" in first.get("/account/password/").content.decode()
    first.post("/account/password/", {"current": code, "new": OWN, "again": OWN})
    assert "由王一签发" in first.get("/account/").content.decode()
    assert "签发" not in signed_in(employer_account(EmployerFactory())).get("/my-employers/").content.decode()


def test_an_employer_of_a_merged_county_still_gets_in(signed_in: SignedIn) -> None:
    """The old code stays on what was filed under it, and the account was made there."""
    employer = EmployerFactory()
    account, _code = issue_sign_in_code(employer=employer, actor=officer(Role.VERIFIER, "140100"))
    successor = RegionFactory(code="140106")
    Region.objects.filter(pk=employer.region_id).update(valid_until="2026-01-31", successor=successor)
    issue_sign_in_code(employer=employer, actor=officer(Role.VERIFIER, "140100"))
    User.objects.filter(pk=account.pk).update(password_issued_until=None)
    page = signed_in(User.objects.get(pk=account.pk)).get("/my-employers/")
    assert [shown for shown, _years in page.context["rows"]] == [employer]


def test_only_the_federation_of_the_place_issues(signed_in: SignedIn) -> None:
    employer = EmployerFactory()
    page = f"/sign-in-codes/{employer.uscc}/"
    elsewhere = signed_in(Role.VERIFIER, "150105")
    assert elsewhere.post(page).status_code == 404
    assert elsewhere.get("/sign-in-codes/", {"uscc": employer.uscc}).status_code == 200
    assert signed_in(Role.LEVY_OFFICER, employer.region_id).post(page).status_code == 403
    with pytest.raises(PermissionMissing):
        issue_sign_in_code(employer=employer, actor=officer(Role.VERIFIER, "150105"))
    assert not User.objects.filter(username=employer.uscc).exists()


def test_looking_issues_nothing(signed_in: SignedIn) -> None:
    employer = EmployerFactory()
    signed_in(Role.VERIFIER, employer.region_id).get(f"/sign-in-codes/{employer.uscc}/")
    assert not User.objects.filter(username=employer.uscc).exists()


@pytest.mark.parametrize("change", ["officer", "disabled"])
def test_no_code_for_an_account_that_is_more_than_an_employers_or_closed(change: str) -> None:
    employer = EmployerFactory()
    account = officer(Role.LEVY_OFFICER if change == "officer" else Role.EMPLOYER, employer.region_id)
    User.objects.filter(pk=account.pk).update(username=employer.uscc, is_active=change == "officer")
    with pytest.raises(NotAnEmployersAccount):
        issue_sign_in_code(employer=employer, actor=officer(Role.VERIFIER, employer.region_id))
