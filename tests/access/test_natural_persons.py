"""Four eyes are two natural persons: one person has one account, and who makes an account never holds its password."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from access.errors import GaveAccess, IssuedPassword
from access.models import AccessChange
from access.queries.reach import givers_of_access, password_issuers
from access.services import people
from access.services.changes import ACCESS, Kind, propose
from accounts.errors import NumberMissing, NumberTaken
from accounts.models import SecondFactor, User
from accounts.permissions import Role
from audit.models import AuditEntry
from audit.services import record
from tests.accounts.factories import PASSWORD, RegionFactory, UserFactory, officer, with_password
from tests.steps import take_step

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
PROVINCE, CITY, COUNTY = "140000", "140100", "140105"
NEW = {
    "username": "zhang.wei",
    "name": "张伟",
    "personnel_number": "JX-0042",
    "role": Role.VERIFIER,
    "region": COUNTY,
    "reason": "任命",
}


@pytest.fixture(autouse=True)
def _regions() -> None:
    for code in (PROVINCE, CITY, COUNTY):
        RegionFactory(code=code)


def admin(code: str = PROVINCE) -> User:
    return officer(Role.ADMINISTRATOR, code)


def appointed(first: User, second: User, code: str = COUNTY) -> User:
    """A verifier whom these two have appointed."""
    person = UserFactory()
    where = RegionFactory(code=code)
    change = propose(kind=Kind.APPOINT, person=person, role=Role.VERIFIER, region=where, reason="任命", actor=first)
    ACCESS.approve(change, actor=second)
    return User.objects.get(pk=person.pk)


@pytest.mark.parametrize("typed", ["jx-0042", " ＪＸ-0042", "JX-0042"])
def test_a_second_account_of_one_person_is_refused(signed_in: SignedIn, typed: str) -> None:
    UserFactory(personnel_number="JX-0042")
    page = signed_in(admin()).post("/people/new/", NEW | {"personnel_number": typed})
    assert "一人只能有一个账号" in page.content.decode()
    assert not User.objects.filter(username="zhang.wei").exists()


@pytest.mark.parametrize("typed", ["", "--", "张伟", "JX 0042；"])
def test_an_officers_account_needs_a_number(signed_in: SignedIn, typed: str) -> None:
    assert signed_in(admin()).post("/people/new/", NEW | {"personnel_number": typed}).status_code == 200
    assert not User.objects.filter(username="zhang.wei").exists()


def test_the_database_too_knows_a_person_once() -> None:
    UserFactory(personnel_number="JX-0042")
    for number in ("JX-0042", ""):
        with pytest.raises(IntegrityError), transaction.atomic():
            UserFactory(personnel_number=number)


def test_whoever_has_no_number_yet_gets_it_with_the_next_post_and_the_second_person_sees_it(
    signed_in: SignedIn,
) -> None:
    person, region = UserFactory(personnel_number=None), RegionFactory(code=COUNTY)
    with pytest.raises(NumberMissing):
        propose(kind=Kind.APPOINT, person=person, role=Role.VERIFIER, region=region, reason="任命", actor=admin())
    post = {"role": Role.VERIFIER, "region": COUNTY, "reason": "任命", "personnel_number": "JX-7"}
    officer(Role.VERIFIER, COUNTY)
    maker = admin()
    propose(
        kind=Kind.APPOINT, person=person, role=Role.VERIFIER, region=region, reason="任命", actor=maker,
        personnel_number="JX-6",
    )  # fmt: skip
    change = AccessChange.objects.get()
    assert "JX-6" in signed_in(admin()).get(f"/people/changes/{change.pk}/approve/").content.decode()
    assert "personnel_number" not in signed_in(maker).get(f"/people/{person.pk}/appoint/").content.decode()
    other = UserFactory(personnel_number=None)
    with pytest.raises(NumberTaken):
        propose(kind=Kind.APPOINT, person=other, actor=maker, **post | {"region": region, "personnel_number": "JX-6"})
    assert not AccessChange.objects.filter(person=other).exists()


def test_an_approval_holds_for_the_person_whose_number_was_shown() -> None:
    person = UserFactory()
    change = propose(
        kind=Kind.APPOINT, person=person, role=Role.VERIFIER, region=RegionFactory(code=COUNTY), reason="任命",
        actor=admin(),
    )  # fmt: skip
    seen = ACCESS.seen(change)
    User.objects.filter(pk=person.pk).update(personnel_number="JX-8")
    assert ACCESS.seen(AccessChange.objects.get()) != seen


@pytest.mark.parametrize("place", [0, 1])
def test_who_proposed_or_approved_a_person_never_issues_its_password(signed_in: SignedIn, place: int) -> None:
    two = admin(), admin()
    person, third = appointed(*two), admin()
    with pytest.raises(GaveAccess):
        people.issue_first_password(person=person, reason="签发", actor=two[place])
    client = signed_in(two[place])
    page = client.get(f"/people/{person.pk}/").content.decode()
    assert f"/people/{person.pk}/password/" not in page
    assert third.username in page
    assert two[1 - place].username not in page.split("可以签发的")[1].split("办理记录")[0]
    assert client.post(f"/people/{person.pk}/password/", {"reason": "签发"}).status_code == 409
    assert User.objects.get(pk=person.pk).password == person.password
    assert people.issue_first_password(person=person, reason="签发", actor=third)


def test_nor_does_who_gave_a_new_second_factor() -> None:
    """A new factor and a new password together are the account."""
    person, maker = officer(Role.VERIFIER, COUNTY), admin()
    SecondFactor.objects.create(user=person, secret=b"secret")
    county = RegionFactory(code=COUNTY)
    change = propose(kind=Kind.RESET_FACTOR, person=person, region=county, reason="手机遗失", actor=maker)
    with pytest.raises(GaveAccess):
        people.issue_first_password(person=person, reason="签发", actor=maker)
    ACCESS.reject(change, actor=maker, reason="误提")
    assert people.issue_first_password(person=person, reason="签发", actor=maker)


def test_who_issued_a_password_gives_its_person_nothing() -> None:
    """The same two acts in the other order."""
    person, issuer, colleague = appointed(admin(), admin()), admin(), admin()
    people.issue_first_password(person=person, reason="签发", actor=issuer)
    lost = {"kind": Kind.RESET_FACTOR, "person": person, "region": RegionFactory(code=COUNTY), "reason": "手机遗失"}
    with pytest.raises(IssuedPassword):
        propose(**lost, actor=issuer)
    change = propose(**lost, actor=colleague)
    with pytest.raises(IssuedPassword):
        ACCESS.approve(change, actor=issuer)
    ACCESS.approve(change, actor=admin())


def test_an_office_with_two_administrators_is_served_from_above() -> None:
    two = admin(COUNTY), admin(COUNTY)
    person, city, province = appointed(*two), admin(CITY), admin()
    admin("140200")
    assert password_issuers(person, givers_of_access(person)) == [city, province]
    assert people.issue_first_password(person=person, reason="签发", actor=city)


def test_a_page_says_so_when_nobody_can(signed_in: SignedIn) -> None:
    two = admin(), admin()
    person = appointed(*two, code=PROVINCE)
    assert "目前没有其他系统管理员可以签发" in signed_in(two[0]).get(f"/people/{person.pk}/").content.decode()


def make(name: str, *options: str) -> User:
    call_command("create_officer", name, "--role=verifier", f"--region={COUNTY}", *options)
    return User.objects.get(username=name)


def test_the_command_takes_a_number_or_makes_one() -> None:
    assert make("a", "--personnel-number=jx-1").personnel_number == "JX-1"
    made = make("b").personnel_number
    assert made
    assert make("b").personnel_number == made
    assert make("b", "--personnel-number=JX-2").personnel_number == "JX-2"
    with pytest.raises(CommandError, match="一人只能有一个账号"):
        make("c", "--personnel-number=JX-1")
    assert not User.objects.filter(username="c").exists()


def entered(person: User, browser: Client | None = None, **other: str) -> Client:
    """The person, signed in with a password at a browser."""
    client = browser or Client(headers={"User-Agent": person.username})
    client.post("/sign-out/")
    with_password(person)
    answer = client.post("/sign-in/", {"username": person.username, "password": PASSWORD}, **other)
    assert answer.status_code == 302
    return client


def test_the_second_person_is_told_of_the_first_ones_browser_and_address() -> None:
    first, second, third = admin(), admin(), admin()
    shared = entered(first, REMOTE_ADDR="10.0.0.1")
    shared.post("/people/new/", NEW, REMOTE_ADDR="10.0.0.1")
    page = f"/people/changes/{AccessChange.objects.get().pk}/approve/"
    entered(second, shared, REMOTE_ADDR="10.0.0.2")
    told = shared.get(page, REMOTE_ADDR="10.0.0.2").content.decode()
    assert "使用同一浏览器" in told
    assert first.name in told
    other = entered(third, REMOTE_ADDR="10.0.0.1")
    assert "使用同一网络地址" in other.get(page, REMOTE_ADDR="10.0.0.1").content.decode()
    assert "使用同一" not in other.get(page, REMOTE_ADDR="10.0.0.3").content.decode()
    assert take_step(shared, page).status_code == 302, "a warning, no refusal"


def test_the_auditor_sees_steps_from_one_browser_or_address(signed_in: SignedIn) -> None:
    first, second = admin(), admin()
    shared = entered(first)
    shared.post("/people/new/", NEW)
    page = f"/people/changes/{AccessChange.objects.get().pk}/approve/"
    auditor = signed_in(Role.AUDITOR, PROVINCE)
    assert "与前一办理人同一" not in auditor.get("/audit-log/").content.decode()
    take_step(entered(second, shared), page)
    log = auditor.get("/audit-log/").content.decode()
    assert log.count("与前一办理人同一浏览器") == 1


def test_the_own_wrong_code_is_no_other_person(signed_in: SignedIn) -> None:
    first = admin()
    shared = entered(first)
    shared.post("/people/new/", NEW)
    entry = AuditEntry.objects.get(action="access.accesschange.propose")
    change = AccessChange.objects.get()
    about = {"target": change, "region_code": PROVINCE, "details": {"origin": entry.details["origin"]}}
    record(actor=None, action="accounts.user.wrong_code", **about)
    record(actor=first, action="access.accesschange.reject", **about)
    assert "与前一办理人同一" not in signed_in(Role.AUDITOR, PROVINCE).get("/audit-log/").content.decode()


def test_the_trail_keeps_digests_and_a_command_has_none() -> None:
    person = admin()
    entered(person, REMOTE_ADDR="10.9.8.7").post("/people/new/", NEW, REMOTE_ADDR="10.9.8.7")
    entry = AuditEntry.objects.get(action="access.accesschange.propose")
    assert set(entry.details["origin"]) == {"browser", "address"}
    assert "10.9.8.7" not in str(entry.details)
    make("a")
    assert "origin" not in AuditEntry.objects.filter(action="accounts.appointment.start").latest("id").details
