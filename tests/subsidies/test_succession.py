"""One text after another in a region: periods that do not overlap, and one reward per employer and year."""

from datetime import date

import pytest
from django.db import IntegrityError

from quota.enums import NumberKind
from subsidies.errors import ProgrammeNotInForce
from subsidies.models import Award, AwardState, Programme
from subsidies.services import awards as services
from tests.accounts.factories import RegionFactory
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, regional_number, verified_year
from tests.subsidies.factories import finance, programme

pytestmark = pytest.mark.django_db
OLD, NEW = date(2020, 1, 1), date(2025, 1, 1)


@pytest.fixture
def _confirmed() -> None:
    RegionFactory(code="140000")
    verified_year(EmployerFactory(), credited=42)
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    confirmed_run()


def compute(rule: Programme) -> int:
    return services.compute_awards(programme=rule, levy_year=2025, actor=finance())


def periods() -> list[tuple[date, date | None]]:
    return list(Programme.objects.order_by("valid_from").values_list("valid_from", "valid_until"))


def test_a_new_text_ends_the_one_before_on_the_day_before_it_begins():
    programme(valid_from=OLD)
    programme(valid_from=NEW)
    assert periods() == [(OLD, date(2024, 12, 31)), (NEW, None)]


def test_an_older_text_checked_later_ends_before_the_one_that_is_in_effect():
    programme(valid_from=NEW)
    programme(valid_from=OLD)
    programme(valid_from=date(2015, 1, 1), valid_until=date(2018, 6, 30))
    assert periods() == [(date(2015, 1, 1), date(2018, 6, 30)), (OLD, date(2024, 12, 31)), (NEW, None)]


def test_a_text_that_nobody_has_checked_and_one_of_another_region_end_nothing():
    programme(valid_from=OLD)
    programme(valid_from=NEW, is_approved=False)
    elsewhere = programme(valid_from=NEW, region=RegionFactory(code="150000"), is_approved=False)
    services.PROGRAMMES.approve(elsewhere, actor=finance("150000"), reason="已核对")
    assert periods() == [(OLD, None), (NEW, None), (NEW, None)]


def test_the_database_bears_no_two_texts_in_effect_on_one_day():
    first = programme(valid_from=OLD)
    programme(valid_from=NEW)
    with pytest.raises(IntegrityError, match="programme_periods_apart"):
        Programme.objects.filter(pk=first.pk).update(valid_until=NEW)


@pytest.mark.usefixtures("_confirmed")
def test_a_proposal_under_the_text_before_is_computed_anew_under_its_successor():
    before = programme(valid_from=OLD)
    compute(before)
    after = programme(valid_from=NEW)
    assert compute(after) == 1
    assert Award.objects.get().programme == after
    with pytest.raises(ProgrammeNotInForce):
        compute(before)


@pytest.mark.usefixtures("_confirmed")
def test_an_employer_rewarded_under_the_text_before_is_not_rewarded_again():
    compute(programme(valid_from=OLD))
    services.AWARDS.approve(Award.objects.get(), actor=finance())
    assert compute(programme(valid_from=NEW)) == 0
    assert Award.objects.get().state == AwardState.APPROVED


@pytest.mark.usefixtures("_confirmed")
def test_a_refusal_under_the_text_before_leaves_the_successor_free():
    compute(programme(valid_from=OLD))
    services.AWARDS.reject(Award.objects.get(), actor=finance(), reason="不符合原办法")
    after = programme(valid_from=NEW)
    assert compute(after) == 1
    services.AWARDS.reject(Award.objects.get(programme=after), actor=finance(), reason="不符合")
    assert compute(after) == 0
