"""An employer learns from its return nothing that it did not bring, until an officer has decided it (promise E8)."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.identity import look_up_key
from accounts.models import User
from accounts.permissions import Role
from law.codes import CertificateState
from quota.models import Certificate, Employer, HeadcountReturn, InsuranceMonth, WagePayment
from quota.services import filing, verification
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import (
    YEAR,
    EmployerFactory,
    certificate,
    employer_account,
    employer_never_late,
    evidence,
    identity_number,
    placement,
)
from tests.quota.test_certificate_tries import all_numbers
from tests.quota.test_filing import add, save, submit

pytestmark = pytest.mark.django_db
TYPED = {f"staff_{month}": "100" for month in range(1, 13)} | {"total_wages": "6000000"}


@pytest.fixture
def employer() -> Employer:
    return employer_never_late(region=RegionFactory(code="140105"))


@pytest.fixture
def clerk(employer: Employer) -> User:
    return employer_account(employer)


@pytest.fixture
def client(clerk: User) -> Client:
    client = Client()
    client.force_login(clerk)
    return client


@pytest.fixture
def victim() -> str:
    """A person with level 2 who works for another employer, in another region."""
    identity = identity_number()
    certificate(identity, level=2)
    placement(EmployerFactory(region=RegionFactory(code="140200")), identity=identity, number=f"{identity}42")
    return identity


WHAT_IF = {"people": 1, "weight": 1, "first_month": 1, "last_month": 12}
# What differs by itself at each filing: tokens, keys of rows, and times.
BY_ITSELF = re.compile(
    r"""value="\w{64}"|/returns/\d+/|people/\d+/|SB-140105-2026-\d+|DTSTAMP:\w+|\d\d:\d\d(:\d\d)?"""
    r"""|datetime="[^"]*"|data-seconds="\d+\b"""
)


def year_of(employer: Employer) -> str:
    return reverse("portal:employer_year", args=[employer.uscc, YEAR])


def seen_of(client: Client, employer: Employer, draft: HeadcountReturn) -> str:
    """Everything that the employer can read about the year."""
    what_if, year = "portal:what_if", {"uscc": employer.uscc, "levy_year": YEAR}
    addresses = [
        (year_of(employer), {}),
        (reverse("portal:employer_dates", kwargs=year), {}),
        (reverse(what_if, kwargs=year), WHAT_IF),
        (reverse(what_if, kwargs=year | {"levy_year": YEAR + 1}), {}),
        (reverse("portal:my_documents"), {"levy_year": YEAR}),
        (reverse("quota:receipt", args=[draft.pk]), {}),
        (reverse("quota:my_employers"), {}),
        (reverse("casework:desk"), {}),
    ]
    pages = [client.get(address, asked) for address, asked in addresses]
    client.post(reverse("quota:return_open", kwargs=year))  # a correction starts from what was filed
    opened = HeadcountReturn.objects.get(employer=employer, state="draft")
    pages.append(client.get(reverse("quota:return", args=[opened.pk])))
    pages.append(client.post(reverse("portal:return_amount", args=[opened.pk]), TYPED | {"version": opened.version}))
    return "\n".join(f"{page.status_code} {page.content.decode()}" for page in pages)


def the_year_s_page(client: Client, employer: Employer, draft: HeadcountReturn) -> str:
    return client.get(year_of(employer)).content.decode()


Reading = Callable[[Client, Employer, HeadcountReturn], str]


def seen_after_filing(
    client: Client, employer: Employer, clerk: User, identity: str, number: str, read: Reading = the_year_s_page
) -> str:
    """File a return with this person, let it be checked, read, and take it all back."""
    with transaction.atomic():
        draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
        save(draft, clerk, staff_by_month=[100] * 12)
        add(draft, clerk, identity, certificate_number=number)
        submit(draft, clerk)
        filing.check_return(return_id=draft.pk)
        seen = read(client, employer, draft)
        transaction.set_rollback(True)
    return BY_ITSELF.sub("", seen)


def test_all_28_numbers_of_a_stranger_get_one_answer(
    client: Client, employer: Employer, clerk: User, victim: str
) -> None:
    found = {n: seen_after_filing(client, employer, clerk, victim, n) for n in all_numbers(victim)}
    # The amount follows the level that the number names itself: 1 and 2 count twice.
    for own_words in ("12", "34"):
        assert len({seen for number, seen in found.items() if number[-1] in own_words}) == 1
    assert all("请对照证件核对姓名和证件号码" in seen for seen in found.values())


def test_twin_an_employer_that_reads_the_checks_finds_the_level_of_a_stranger(
    client: Client, employer: Employer, clerk: User, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HeadcountReturn, "is_told", True)
    for number in all_numbers(victim)[:27]:
        if "证件未在登记库中" not in seen_after_filing(client, employer, clerk, victim, number):
            break
    assert number == f"{victim}42"


OWN = "140199198506150017"


def nothing(identity: str) -> None: ...


def no_certificate(identity: str) -> None:
    Certificate.objects.all().delete()


def not_employed(identity: str) -> None:
    WagePayment.objects.all().delete()
    InsuranceMonth.objects.all().delete()


def changed(**fields: object) -> Callable[[str], None]:
    def change(identity: str) -> None:
        Certificate.objects.filter(person_key=look_up_key(identity)).update(**fields)

    return change


REGISTERS = {
    "fits": nothing,
    "no certificate": no_certificate,
    "no wages and no insurance": not_employed,
    "another name": changed(name="张三"),
    "another person's": changed(person_key=look_up_key("1")),
    "cancelled": changed(state=CertificateState.CANCELLED),
    "frozen": changed(state=CertificateState.FROZEN),
    "expired": changed(valid_until=date(2020, 1, 2)),
    "another level": changed(level=4),
}


def seen_with(register: str, client: Client, employer: Employer, clerk: User, read: Reading) -> str:
    with transaction.atomic():
        certificate(OWN, level=2)
        evidence(employer, OWN)
        REGISTERS[register](OWN)
        seen = seen_after_filing(client, employer, clerk, OWN, f"{OWN}42", read)
        transaction.set_rollback(True)
    return seen


def test_nothing_that_the_registers_hold_is_seen_before_an_officer_has_decided(
    client: Client, employer: Employer, clerk: User
) -> None:
    found = {seen_with(register, client, employer, clerk, seen_of) for register in REGISTERS}
    assert len(found) == 1


def test_twin_read_at_once_most_registers_look_different(
    client: Client, employer: Employer, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HeadcountReturn, "is_told", True)
    found = {seen_with(register, client, employer, clerk, the_year_s_page) for register in REGISTERS}
    assert len(found) >= 7


def test_an_over_aged_person_looks_like_any_other(client: Client, employer: Employer, clerk: User) -> None:
    old = identity_number(born="19400615")
    certificate(old)
    evidence(employer, old)
    seen = seen_after_filing(client, employer, clerk, old, f"{old}43")
    assert "超过就业年龄" not in seen
    assert "待残联审核" in seen


def checked(employer: Employer, clerk: User, name: str) -> HeadcountReturn:
    identity = identity_number()
    certificate(identity)
    evidence(employer, identity)
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    save(draft, clerk, staff_by_month=[100] * 12)
    add(draft, clerk, identity, name=name)
    filed = submit(draft, clerk)
    filing.check_return(return_id=filed.pk)
    filed.refresh_from_db()
    return filed


def test_an_officer_sees_the_exact_reason_at_once_and_the_employer_with_the_officer_s_words(
    client: Client, employer: Employer, clerk: User
) -> None:
    filed = checked(employer, clerk, "张三")
    verifier = officer(Role.VERIFIER, "140105")
    office = Client()
    office.force_login(verifier)
    case = office.get(reverse("quota:case", args=[filed.pk])).content.decode()
    assert "证件登记的姓名不同" in case
    assert "登记的姓名为郭秀兰" in case
    year = year_of(employer)
    assert "证件登记的姓名不同" in office.get(year).content.decode()
    assert "证件登记的姓名不同" not in client.get(year).content.decode()
    verification.send_back(headcount_return=filed, reason="请核对姓名。", actor=verifier)
    for page in (year, reverse("quota:return", args=[filed.pk])):
        told = client.get(page).content.decode()
        assert "证件登记的姓名不同" in told
        assert "请对照证件核对姓名。" in told
    draft = HeadcountReturn.objects.get(pk=filed.pk)
    submit(draft, clerk)
    assert "证件登记的姓名不同" not in client.get(year).content.decode()


def test_a_verified_return_shows_what_was_counted(client: Client, employer: Employer, clerk: User) -> None:
    filed = checked(employer, clerk, "郭秀兰")
    year = year_of(employer)
    verification.review_return(headcount_return=filed, actor=officer(Role.VERIFIER, "140105"))
    assert "计入12人月" not in client.get(year).content.decode()
    filed.refresh_from_db()
    verification.verify_return(headcount_return=filed, actor=officer(Role.VERIFIER, "140105"))
    assert "计入12人月" in client.get(year).content.decode()
