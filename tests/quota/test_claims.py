"""One builder of a claim, for a region, for one placement and for a draft, over random small provinces."""

from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from law.codes import CertificateState, EmploymentForm
from law.counting import MONTHS, Claim
from quota.enums import NumberKind
from quota.models import Employer, HeadcountReturn, Placement
from quota.queries.claims import (
    FIRST_KEY,
    LAST_KEY,
    ClaimScope,
    claim_of_placement,
    claimed_in_draft,
    claims_of_scope,
    regions_in_scope,
)
from quota.queries.parameters import minimum_wages
from quota.services.checks import run_checks
from quota.services.filing import copy_to_draft
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
def test_a_draft_claims_what_the_same_people_claim_once_it_is_filed(seed: int) -> None:
    employers = random_province(seed)
    run_checks(levy_year=YEAR, region_code="140000")
    for filed in HeadcountReturn.objects.filter(employer__in=employers):
        draft = HeadcountReturn.objects.create(
            employer=filed.employer, levy_year=YEAR, source="portal", staff_by_month=[1] * 12, staff_months=12,
            total_wages=1,
        )  # fmt: skip
        copy_to_draft(draft, filed.employer.placements.filter(levy_year=YEAR))
        assert claimed_in_draft(draft) == filed.claimed_months


def test_a_draft_knows_nothing_of_rows_that_have_the_same_numbers() -> None:
    """The ids of drafts and of placements are counted apart: a check of a placement is none of the draft's."""
    employer = EmployerFactory(region=RegionFactory(code="140105"))
    row = placement(employer, level=1)
    draft = HeadcountReturn.objects.create(
        employer=employer, levy_year=YEAR, source="portal", staff_by_month=[1] * 12, staff_months=12, total_wages=1
    )
    copy_to_draft(draft, [row])
    draft.draft_placements.update(id=row.pk)
    run_checks(levy_year=YEAR, region_code="140000")
    with closing(
        claims_of_scope(ClaimScope.of_draft(draft), FIRST_KEY, LAST_KEY, {"140105": (None,) * MONTHS})
    ) as found:
        (drafted,) = found
    assert (drafted.is_settled, drafted.decided, drafted.stored) == (False, None, r"\N")
    assert drafted.claim == replace(claim_of_placement(row), filed_on=None, minimum_wages=(None,) * MONTHS)
    assert drafted.claim.wages == (Decimal("3000.00"),) * MONTHS
