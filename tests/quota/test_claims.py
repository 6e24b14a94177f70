"""One builder of a claim, for a region and for one placement, over random small provinces."""

from contextlib import closing
from datetime import date
from random import Random

import pytest

from law.codes import CertificateState, EmploymentForm
from law.counting import Claim
from quota.enums import NumberKind
from quota.models import Certificate, Employer, Placement, WagePayment
from quota.queries.claims import (
    FIRST_KEY,
    LAST_KEY,
    ClaimScope,
    claim_of_placement,
    claims_of_scope,
    declared_months,
    regions_in_scope,
)
from quota.queries.parameters import minimum_wages
from tests.accounts.factories import RegionFactory
from tests.quota.factories import (
    YEAR,
    EmployerFactory,
    agreement,
    certificate,
    filed_return,
    identity_number,
    placement,
    regional_number,
)

pytestmark = pytest.mark.django_db
SEEDS = range(6)


def random_placement(dice: Random, employer: Employer, identity: str) -> Placement:
    """With every kind of certificate, or an unregistered one, and gaps in wages and insurance."""
    number = f"{identity}99"
    if dice.random() < 0.8:
        valid = dice.choice([(None, None), (date(2020, 1, 1), date(2030, 1, 1)), (date(2026, 12, 1), None)])
        number = certificate(
            identity, level=dice.randrange(1, 5), state=dice.choice(list(CertificateState)), valid=valid
        )
    start = date(dice.choice([2020, YEAR]), dice.randrange(1, 13), 1)
    return placement(
        employer,
        identity=identity,
        number=number,
        form=dice.choice(list(EmploymentForm)),
        contract=(start, dice.choice([None, date(YEAR, 12, 31), date(YEAR + 2, 5, 31)])),
        paid=dice.choice([None, "1500.00", "3000.50"]),
        insured=dice.choice([None, False, True]),
        months=dice.sample(range(1, 13), dice.randrange(13)),
    )


def random_province(seed: int) -> list[Employer]:
    """Employers of two prefectures that share some of their people, with and without a return."""
    dice = Random(seed)
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    regional_number(NumberKind.MINIMUM_WAGE, "2100.00", region="140200", since=f"{YEAR}-04-01")
    employers = [EmployerFactory(region=RegionFactory(code=code)) for code in ("140105", "140105", "140200", "140200")]
    people = [identity_number(female=dice.random() < 0.5) for _number in range(6)]
    for identity in people:
        for employer in dice.sample(employers, dice.randrange(1, 4)):
            random_placement(dice, employer, identity)
    for employer in employers[:3]:
        filed_return(employer, filed_on=date(YEAR + 1, dice.choice([5, 12]), 6))
    agreement(employers[0], employers[1], people[0])
    return employers


def claims_of_region(code: str) -> dict[int, Claim]:
    scope = ClaimScope.of_region(YEAR, code)
    wages = minimum_wages(regions_in_scope(scope), YEAR)
    with closing(claims_of_scope(scope, FIRST_KEY, LAST_KEY, wages)) as found:
        return {row.claim.key: row.claim for row in found if not row.is_elsewhere}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_claim_of_one_placement_is_that_of_its_region(seed: int) -> None:
    random_province(seed)
    found = claims_of_region("140000")
    assert found == {row.pk: claim_of_placement(row) for row in Placement.objects.all()}
    in_place = {row.pk for row in Placement.objects.filter(employer__region="140200")}
    assert claims_of_region("140200") == {key: claim for key, claim in found.items() if key in in_place}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_an_employer_declares_is_the_same_with_any_register(seed: int) -> None:
    employers = random_province(seed)
    everyone = Placement.objects.filter(employer__in=employers)
    before = [declared_months(row.placements, YEAR) for row in employers]
    Certificate.objects.filter(pk__in=Certificate.objects.values("pk")[:2]).delete()
    Certificate.objects.update(level=1, state=CertificateState.FROZEN, name="另有其人")
    WagePayment.objects.filter(employer__in=employers).delete()
    assert [declared_months(row.placements, YEAR) for row in employers] == before
    assert declared_months(everyone.filter(person_key=None), YEAR) == 0
    assert sum(before)
