"""One builder of a year's facts, for a slice and for one employer, over random small provinces."""

from datetime import date
from decimal import Decimal
from random import Random

import pytest
from django.db.models import Q, Sum
from django.utils import timezone

from law.amount import Facts
from law.codes import EntityType
from law.counting import registered_staff_months
from levy.queries.facts import FactsBasis, facts_declared, facts_expected, facts_of_slice, facts_today, facts_told
from quota.models import DispatchTransfer, Employer, HeadcountReturn, VerifiedHeadcount
from tests.accounts.factories import RegionFactory
from tests.quota.factories import EmployerFactory, filed_return, placement, verified_year

pytestmark = pytest.mark.django_db
YEAR = 2025
SEEDS = range(8)


def random_employer(dice: Random) -> Employer:
    """Unfiled, filed, checked, verified or verified once and withdrawn; with or without a tax registration."""
    staff = dice.choice([None, Decimal("7.5"), Decimal(40)])
    employer = EmployerFactory(
        region=RegionFactory(code=dice.choice(["140105", "140106", "140200"])),
        entity_type=dice.choice([EntityType.ENTERPRISE, EntityType.SOLE_TRADER, EntityType.ORGAN]),
        registered_on=dice.choice([None, date(2019, 3, 1), date(YEAR, 6, 1)]),
        registered_staff=staff,
        registered_wages=dice.choice([None, Decimal("480000.50")]),
    )
    state = dice.choice(["none", "submitted", "checked", "verified", "withdrawn"])
    if state in {"submitted", "checked"}:
        filed = filed_return(employer, staff=dice.randrange(1, 60))
        if state == "checked":
            HeadcountReturn.objects.filter(pk=filed.pk).update(computed_months=dice.randrange(30))
    elif state != "none":
        headcount = verified_year(employer, staff=dice.randrange(1, 60), credited=24 + dice.randrange(30))
        if state == "withdrawn":
            VerifiedHeadcount.objects.filter(pk=headcount.pk).update(withdrawn_at=timezone.now())
    return employer


def random_province(seed: int) -> list[Employer]:
    """Some employers, and months that move between them."""
    dice = Random(seed)
    employers = [random_employer(dice) for _number in range(8)]
    for _number in range(6):
        agency, host = dice.sample(employers, 2)
        moved = dice.randrange(1, 13)
        DispatchTransfer.objects.create(
            placement=placement(agency, paid=None, insured=None),
            levy_year=dice.choice([YEAR, YEAR, YEAR - 1]),
            agency=agency,
            host=host,
            weight_months=moved,
            credited_months=dice.choice([0, moved]),
            staff_months=dice.choice([0, moved]),
        )
    return [Employer.objects.get(pk=employer.pk) for employer in employers]


def all_that_is_known(employer: Employer) -> Facts:
    """An officer's sum from the models: unverified months as the checks computed them, every transfer."""
    filed = employer.returns.filter(levy_year=YEAR, is_in_force=True).first()
    headcount = employer.verified_headcounts.filter(levy_year=YEAR, withdrawn_at=None).first()
    credited = headcount.credited_months if headcount else filed.computed_months if filed else 0
    out, into = Q(agency=employer), Q(host=employer)
    moved = DispatchTransfer.objects.filter(out | into, levy_year=YEAR).aggregate(
        staff=Sum("staff_months", filter=into, default=0) - Sum("staff_months", filter=out, default=0),
        months=Sum("credited_months", filter=into, default=0) - Sum("weight_months", filter=out, default=0),
    )
    registered = employer.registered_staff
    return Facts(
        entity_type=employer.entity_type,
        staff_months=filed.staff_months if filed else registered and registered_staff_months(registered),
        total_wages=filed.total_wages if filed else employer.registered_wages,
        credited_months=max(credited + moved["months"], 0),
        transferred_staff_months=moved["staff"],
        registered_on=employer.registered_on,
        is_registered_staff=filed is None,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_one_employer_and_its_slice_have_the_same_facts(seed: int) -> None:
    employers = random_province(seed)
    first, last = min(e.pk for e in employers), max(e.pk for e in employers)
    of_slice = {int(employer): (region, facts) for employer, region, facts in facts_of_slice(YEAR, first, last, "14")}
    assert of_slice == {e.pk: (e.region_id, facts_today(e, YEAR)) for e in employers}


@pytest.mark.parametrize("seed", SEEDS)
def test_expected_facts_take_everything_known_and_say_what_they_rest_on(seed: int) -> None:
    for employer in random_province(seed):
        facts, basis = facts_expected(employer, YEAR)
        assert facts == all_that_is_known(employer)
        assert (basis is FactsBasis.REGISTERED) == facts.is_registered_staff
        if basis is FactsBasis.VERIFIED:
            assert facts == facts_today(employer, YEAR)


def test_a_slice_leaves_out_other_regions_and_other_levy_years() -> None:
    inside, outside = (
        EmployerFactory(region=RegionFactory(code="140105")),
        EmployerFactory(region=RegionFactory(code="140200")),
    )
    verified_year(inside, levy_year=YEAR - 1, credited=12)
    ((employer, _region, facts),) = facts_of_slice(YEAR, inside.pk, outside.pk, "1401")
    assert (int(employer), facts.credited_months, facts.is_registered_staff) == (inside.pk, 0, True)


def test_heads_of_an_agency_count_for_the_run_only_once_they_are_verified() -> None:
    agency, host = EmployerFactory(), EmployerFactory()
    verified_year(host, credited=5)
    DispatchTransfer.objects.create(
        placement=placement(agency, paid=None, insured=None), levy_year=YEAR, agency=agency, host=host,
        weight_months=12, credited_months=12, staff_months=12,
    )  # fmt: skip
    expected = facts_expected(host, YEAR)
    assert (facts_today(host, YEAR).credited_months, expected.facts.credited_months) == (5, 17)
    assert expected.basis is FactsBasis.COMPUTED
    verified_year(agency, credited=12)
    assert facts_expected(host, YEAR) == (facts_today(host, YEAR), FactsBasis.VERIFIED)


def test_a_declared_year_takes_the_typed_figures_and_what_verified_agencies_move() -> None:
    agency, host = EmployerFactory(), EmployerFactory(registered_staff=Decimal(9))
    DispatchTransfer.objects.create(
        placement=placement(agency, paid=None, insured=None), levy_year=YEAR, agency=agency, host=host,
        weight_months=12, credited_months=12, staff_months=12,
    )  # fmt: skip
    given = {"staff_months": 120, "total_wages": Decimal("600000.00"), "declared_months": 6}
    assert facts_declared(host, YEAR, **given).credited_months == 6  # an undecided agency tells its host nothing
    assert facts_told(host, YEAR, 6).facts.credited_months == facts_told(host, YEAR, None).facts.credited_months + 6
    verified_year(agency, credited=12)
    facts = facts_declared(host, YEAR, **given)
    assert (facts.staff_months, facts.total_wages, facts.is_registered_staff) == (120, Decimal("600000.00"), False)
    assert (facts.credited_months, facts.transferred_staff_months) == (18, 12)
    assert facts_declared(agency, YEAR, **given).credited_months == 0  # never below
