"""Employers and their verified years."""

from datetime import date
from decimal import Decimal
from itertools import count

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.permissions import Role
from quota.enums import EntityType, NumberKind, ReturnSource, ReturnState
from quota.models import Employer, HeadcountReturn, RegionalNumber, VerifiedHeadcount
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
    """A filed, twice-reviewed return of so many staff every month, and the headcount it was verified to."""
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
