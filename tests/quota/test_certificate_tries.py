"""An employer brings one certificate per person, under its holder's name, and every number it types is counted."""

from datetime import date

import pytest
from django.db import transaction

from accounts.identity import encrypt, look_up_key
from accounts.models import User
from law.counting import Reason
from quota.errors import ReturnChanged, SecondCertificate, TooManyCertificates
from quota.models import Certificate, CertificateTry, Employer, HeadcountReturn, Placement, PlacementCheck
from quota.queries.certificate_tries import employers_that_try
from quota.services import filing
from quota.services.checks import run_checks
from tests.quota.factories import (
    YEAR,
    EmployerFactory,
    certificate,
    employer_account,
    employer_never_late,
    evidence,
    filed_return,
    identity_number,
    placement,
)
from tests.quota.test_filing import add, save, submit, typed_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def employer() -> Employer:
    return employer_never_late()


@pytest.fixture
def clerk(employer: Employer) -> User:
    return employer_account(employer)


@pytest.fixture
def draft(employer: Employer, clerk: User) -> HeadcountReturn:
    opened = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    return save(opened, clerk, staff_by_month=[100] * 12)


def reasons(employer: Employer) -> set[int]:
    (found,) = PlacementCheck.objects.filter(placement__employer=employer)
    return set(found.reasons)


# ------------------------------------------------------------------------------------------------ name and certificate


@pytest.mark.parametrize(
    ("registered", "typed", "reason"),
    [
        ("郭秀兰", " 郭秀 兰", Reason.COUNTED),
        ("阿卜杜拉·买买提", "阿卜杜拉•买买提", Reason.COUNTED),
        ("阿卜杜拉．买买提", "阿卜杜拉・买买提", Reason.COUNTED),
        ("阿卜杜拉·买买提", "阿卜杜拉买买提", Reason.CERTIFICATE_OTHER_NAME),
        ("郭秀兰", "郭秀", Reason.CERTIFICATE_OTHER_NAME),
        ("郭秀兰", "张三", Reason.CERTIFICATE_OTHER_NAME),
    ],
)
def test_a_typed_name_must_be_the_holder_s(
    employer: Employer, clerk: User, draft: HeadcountReturn, registered: str, typed: str, reason: Reason
) -> None:
    identity = identity_number()
    evidence(employer, identity)
    certificate(identity)
    Certificate.objects.update(name=registered)
    add(draft, clerk, identity, name=typed)
    submit(draft, clerk)
    run_checks(levy_year=YEAR, region_code="140000")
    assert reasons(employer) == {reason}


def test_the_name_of_a_loaded_row_changes_no_count(employer: Employer) -> None:
    placement(employer)
    Certificate.objects.update(name="另有其人")
    filed_return(employer)
    run_checks(levy_year=YEAR, region_code="140000")
    assert reasons(employer) == {Reason.COUNTED}


def test_a_loaded_row_that_the_employer_changes_becomes_its_own_words(employer: Employer, clerk: User) -> None:
    row = placement(employer)
    filed_return(employer)
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    (copied,) = draft.draft_placements.all()
    assert not copied.is_typed
    typed = typed_person("", name="王五", certificate_number="")
    filing.save_placement(headcount_return=draft, version=draft.version, typed=typed, placement=copied, actor=clerk)
    submit(draft, clerk)
    row.refresh_from_db()
    assert (row.name, row.is_typed) == ("王五", True)


# ------------------------------------------------------------------------------------------ one certificate per person


def test_a_second_certificate_of_a_person_is_refused_and_a_second_contract_is_not(
    clerk: User, draft: HeadcountReturn
) -> None:
    identity = identity_number()
    add(draft, clerk, identity, contract_end=date(YEAR, 6, 30))
    add(draft, clerk, identity, contract_start=date(YEAR, 7, 1))
    with pytest.raises(SecondCertificate, match="只能填写一个证件号码"):
        add(draft, clerk, identity, certificate_number=f"{identity}61", contract_start=date(YEAR, 8, 1))
    first = draft.draft_placements.first()
    draft.refresh_from_db()
    with pytest.raises(SecondCertificate):
        filing.save_placement(
            headcount_return=draft,
            version=draft.version,
            typed=typed_person("", certificate_number=f"{identity}61"),
            placement=first,
            actor=clerk,
        )
    assert draft.draft_placements.values("certificate_key").distinct().count() == 1


def test_last_year_s_two_certificates_of_a_person_come_along_as_the_later_one(employer: Employer, clerk: User) -> None:
    identity = identity_number()
    for number in (certificate(identity, level=3), certificate(identity, level=2)):
        placement(employer, identity=identity, number=number, year=YEAR - 1)
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    assert filing.copy_last_year(headcount_return=draft, version=draft.version, actor=clerk) == 1
    (row,) = draft.draft_placements.all()
    assert row.certificate_key == look_up_key(f"{identity}42")


def test_two_certificates_that_an_office_loaded_stay(employer: Employer, clerk: User) -> None:
    identity = identity_number()
    for number in (certificate(identity, level=3), certificate(identity, level=2)):
        placement(employer, identity=identity, number=number)
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    save(draft, clerk, staff_by_month=[100] * 12)
    submit(draft, clerk)
    assert Placement.objects.filter(employer=employer).count() == 2


# --------------------------------------------------------------------------------------------------- counting of tries


def try_numbers(draft: HeadcountReturn, clerk: User, identity: str, numbers: list[str]) -> None:
    """Type one number after the other for one person and take each row away again."""
    for number in numbers:
        row = add(draft, clerk, identity, certificate_number=number)
        draft.refresh_from_db()
        filing.remove_placement(headcount_return=draft, version=draft.version, placement=row, actor=clerk)


def all_numbers(identity: str) -> list[str]:
    return [f"{identity}{category}{level}" for category in range(1, 8) for level in range(1, 5)]


def test_numbers_stay_counted_when_their_rows_are_removed_and_raise_the_alarm(
    employer: Employer, clerk: User, draft: HeadcountReturn
) -> None:
    victim = identity_number()
    certificate(victim)
    try_numbers(draft, clerk, victim, all_numbers(victim)[:10])
    assert not draft.draft_placements.exists()
    assert CertificateTry.objects.filter(employer=employer, is_unknown=True).count() == 10
    assert employers_that_try() == [employer.uscc]
    CertificateTry.objects.update(is_unknown=False)
    assert employers_that_try() == []


def test_a_number_is_counted_once_a_day_and_person_across_returns(employer: Employer, clerk: User) -> None:
    victim = identity_number()
    for year in (YEAR - 1, YEAR):
        other = filing.open_return(employer=employer, levy_year=year, actor=clerk)
        try_numbers(other, clerk, victim, [f"{victim}61", f"{victim}61", f"{victim}62"])
    assert CertificateTry.objects.count() == 2


def refused_row(draft: HeadcountReturn, clerk: User) -> None:
    identity = identity_number()
    with pytest.raises(ReturnChanged):
        filing.save_placement(
            headcount_return=draft,
            version=0,
            typed=typed_person(identity, certificate_number=f"{identity}61"),
            actor=clerk,
        )


def test_a_row_that_is_refused_is_counted(clerk: User, draft: HeadcountReturn) -> None:
    refused_row(draft, clerk)
    assert CertificateTry.objects.count() == 1


def test_twin_counted_in_the_row_s_transaction_a_refusal_takes_the_count_back(
    clerk: User, draft: HeadcountReturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "save_placement", transaction.atomic(filing.save_placement))
    refused_row(draft, clerk)
    assert not CertificateTry.objects.exists()


def test_a_day_takes_so_many_numbers_right_and_wrong_alike(
    employer: Employer, clerk: User, draft: HeadcountReturn, settings: pytest.FixtureRequest
) -> None:
    settings.CERTIFICATES_A_DAY = {"alarm": 9, "stop": 2}
    right, wrong = identity_number(), identity_number()
    add(draft, clerk, right)
    try_numbers(draft, clerk, wrong, [f"{wrong}61"])
    for number in (certificate(wrong), f"{wrong}71"):
        with pytest.raises(TooManyCertificates, match=r"明天再填.*窗口"):
            add(draft, clerk, wrong, certificate_number=number)
    assert CertificateTry.objects.filter(employer=employer).count() == 4
    other = employer_never_late_beside(employer)
    add(*other, identity_number())
    CertificateTry.objects.update(day=date(2026, 1, 1))
    add(draft, clerk, wrong, certificate_number=f"{wrong}71")
    assert not CertificateTry.objects.filter(day=date(2026, 1, 1)).exists()  # forgotten after thirty days


def employer_never_late_beside(employer: Employer) -> tuple[HeadcountReturn, User]:
    """A draft of another employer of the same region, and its clerk."""
    beside = EmployerFactory(region=employer.region)
    account = employer_account(beside)
    return filing.open_return(employer=beside, levy_year=YEAR, actor=account), account


def test_a_certificate_of_another_name_is_unknown(clerk: User, draft: HeadcountReturn) -> None:
    identity = identity_number()
    add(draft, clerk, identity, name="张三")
    (tried,) = CertificateTry.objects.all()
    assert tried.is_unknown
    Certificate.objects.update(name="阿卜杜拉·买买提")
    other = identity_number()
    Certificate.objects.create(
        kind="disabled_person",
        number_key=look_up_key(f"{other}31"),
        number_encrypted=encrypt(f"{other}31"),
        person_key=look_up_key(other),
        identity_encrypted=encrypt(other),
        name="阿卜杜拉·买买提",
        level=1,
        state="valid",
    )
    add(draft, clerk, other, name="阿卜杜拉•买买提", certificate_number=f"{other}31")
    assert CertificateTry.objects.filter(is_unknown=False).count() == 1
