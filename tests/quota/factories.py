"""Employers, their returns, the registers' data about their people, and verified years."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.identity import encrypt, look_up_key
from accounts.models import User
from accounts.permissions import Role
from law.codes import CertificateKind, CertificateState, EmploymentForm, EntityType
from law.identifiers import birth_date, is_female
from quota.enums import CountsAt, NumberKind, ReturnSource, ReturnState
from quota.models import (
    Certificate,
    DispatchAgreement,
    Employer,
    HeadcountReturn,
    InsuranceMonth,
    Membership,
    Placement,
    RegionalNumber,
    RegionalSetting,
    VerifiedHeadcount,
    WagePayment,
)
from quota.services import settle_returns_in_force
from tests.accounts.factories import RegionFactory, officer


class EmployerFactory(DjangoModelFactory):
    class Meta:
        model = Employer

    uscc = factory.Sequence(lambda n: f"91140105MA{n:07d}X")
    name = factory.Sequence(lambda n: f"清和第{n}有限公司")
    region = factory.SubFactory(RegionFactory)
    entity_type = EntityType.ENTERPRISE


numbers = count(1)


def verified_year(
    employer: Employer,
    *,
    levy_year: int = 2025,
    staff: int = 100,
    wages: str = "6000000.00",
    credited: int = 0,
    filed_on: date | None = None,
    is_late: bool = False,
) -> VerifiedHeadcount:
    """A filed, twice-reviewed return of `staff` people every month, and its verified headcount."""
    first, second = officer(Role.VERIFIER, employer.region_id), officer(Role.VERIFIER, employer.region_id)
    now = timezone.now()
    filed = HeadcountReturn.objects.create(
        employer=employer,
        levy_year=levy_year,
        filed_on=filed_on or date(levy_year + 1, 5, 6),
        is_late=is_late,
        is_in_force=True,
        source=ReturnSource.FILE,
        staff_by_month=[staff] * 12,
        staff_months=staff * 12,
        total_wages=Decimal(wages),
        state=ReturnState.VERIFIED,
        reviewed_at=now,
        reviewed_by=first,
        verified_at=now,
        verified_by=second,
    )
    return VerifiedHeadcount.objects.create(
        headcount_return=filed,
        employer=employer,
        levy_year=levy_year,
        number=f"RD-{next(numbers)}",
        claimed_months=credited,
        computed_months=credited,
        credited_months=credited,
        issued_at=now,
        first_by=first,
        second_by=second,
    )


def regional_number(
    kind: NumberKind, value: str, *, region: str = "140000", since: str = "2015-01-01"
) -> RegionalNumber:
    return RegionalNumber.objects.create(
        kind=kind,
        value=Decimal(value),
        region=RegionFactory(code=region),
        valid_from=date.fromisoformat(since),
        document_number="测试〔2025〕1号",
    )


YEAR = 2025
ALL_MONTHS = range(1, 13)
people = count(1)


def employer_never_late(**given: Any) -> Employer:
    """An employer in a region where today is never too late to file."""
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    employer = EmployerFactory(**given)
    RegionalSetting.objects.create(
        region=employer.region,
        name="filing_deadline",
        value="12-31",
        valid_from=date(2015, 1, 1),
        document_number="测试〔2015〕1号",
    )
    return employer


def identity_number(*, born: str = "19850615", female: bool = False) -> str:
    """A new person of an unassigned area, with a right check digit."""
    number = f"140199{born}{next(people) % 450 * 2 + (0 if female else 1):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True))
    return number + "10X98765432"[total % 11]


def employer_account(employer: Employer) -> User:
    """A person who acts for the employer on the portal."""
    person = officer(Role.EMPLOYER, employer.region_id)
    Membership.objects.create(user=person, employer=employer)
    return person


def filed_return(
    employer: Employer, *, filed_on: date = date(YEAR + 1, 5, 6), staff: int = 100, year: int = YEAR
) -> HeadcountReturn:
    """A return of `staff` people every month, as a file brings it."""
    filed = HeadcountReturn.objects.create(
        employer=employer,
        levy_year=year,
        filed_on=filed_on,
        source=ReturnSource.FILE,
        staff_by_month=[staff] * 12,
        staff_months=staff * 12,
        total_wages=Decimal(staff * 60_000),
        state=ReturnState.SUBMITTED,
    )
    settle_returns_in_force(employer_ids=[employer.pk], levy_year=year)
    filed.refresh_from_db()
    return filed


def certificate(
    identity: str,
    *,
    level: int = 3,
    kind: CertificateKind = CertificateKind.DISABLED_PERSON,
    state: CertificateState = CertificateState.VALID,
    valid: tuple[date | None, date | None] = (date(2020, 1, 1), date(2030, 1, 1)),
) -> str:
    """A row of the register; returns its number."""
    number = f"{identity}4{level}"
    Certificate.objects.get_or_create(
        kind=kind,
        number_key=look_up_key(number),
        defaults={
            "number_encrypted": encrypt(number),
            "person_key": look_up_key(identity),
            "identity_encrypted": encrypt(identity),
            "name": "郭秀兰",
            "level": level,
            "valid_from": valid[0],
            "valid_until": valid[1],
            "state": state,
        },
    )
    return number


def placement(
    employer: Employer,
    *,
    identity: str | None = None,
    number: str | None = None,
    form: EmploymentForm = EmploymentForm.CONTRACT,
    contract: tuple[date, date | None] = (date(2024, 1, 1), None),
    level: int = 3,
    year: int = YEAR,
    paid: str | None = "3000.00",
    insured: bool | None = True,
    months: Iterable[int] = ALL_MONTHS,
) -> Placement:
    """A person who counts in every month by default: with certificate, wages and insurance."""
    identity = identity or identity_number()
    number = number or certificate(identity, level=level)
    evidence(employer, identity, year=year, paid=paid, insured=insured, months=months)
    return Placement.objects.create(
        employer=employer,
        levy_year=year,
        name="郭秀兰",
        person_key=look_up_key(identity),
        identity_encrypted=encrypt(identity),
        born_on=birth_date(identity),
        is_female=is_female(identity),
        certificate_kind=CertificateKind.DISABLED_PERSON,
        certificate_key=look_up_key(number),
        certificate_encrypted=encrypt(number),
        form=form,
        contract_start=contract[0],
        contract_end=contract[1],
        post="质检",
    )


def evidence(
    employer: Employer,
    identity: str,
    *,
    year: int = YEAR,
    paid: str | None = "3000.00",
    insured: bool | None = True,
    months: Iterable[int] = ALL_MONTHS,
) -> None:
    """Wages and insurance of a person at an employer; None is no row."""
    for month in months:
        at = {"employer": employer, "person_key": look_up_key(identity), "month": date(year, month, 1)}
        if paid is not None:
            WagePayment.objects.get_or_create(**at, amount=Decimal(paid), occurrence=1)
        if insured is not None:
            paid_in_full = {"pension": True, "medical": True, "unemployment": True, "injury": insured}
            InsuranceMonth.objects.get_or_create(**at, defaults=paid_in_full)


def agreement(agency: Employer, host: Employer, identity: str, *, since: date = date(YEAR, 1, 1)) -> DispatchAgreement:
    """The person counts at the host from a day on."""
    return DispatchAgreement.objects.create(
        agency=agency,
        host=host,
        person_key=look_up_key(identity),
        identity_encrypted=encrypt(identity),
        starts_on=since,
        counts_at=CountsAt.HOST,
    )
