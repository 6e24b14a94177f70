"""Dispatched people: the months that an agreement moves to the host, and their weights."""

from dataclasses import replace
from datetime import date

import pytest

from law.codes import EmploymentForm
from law.counting import MONTHS, AgreementsConflict, CountingRules, Transfer, hosts_by_month, transfer
from tests.law.claims import AGREEMENT, CLAIM, YEAR, certified, counted

DISPATCHED = replace(CLAIM, form=EmploymentForm.DISPATCH, certificate=certified(level=1))


def test_an_agreement_moves_the_month_with_its_weight_and_its_month_of_staff():
    agreement = replace(AGREEMENT, starts=date(2025, 3, 31), ends=date(2025, 10, 1))

    (count,) = counted(DISPATCHED, agreements=(agreement,))

    assert count.weights == (2,) * MONTHS
    assert count.transfers == tuple(Transfer("H", month, weight=2, credited=2, staff=1) for month in range(2, 10))


def test_a_month_that_fails_stays_with_the_agency():
    unpaid = replace(DISPATCHED, wages=(None, *CLAIM.wages[1:]))

    (count,) = counted(unpaid, agreements=(AGREEMENT,))

    assert [moved.month for moved in count.transfers] == list(range(1, MONTHS))


@pytest.mark.parametrize("host_filed_on", [None, date(2026, 11, 1)])
def test_a_host_that_filed_late_takes_the_staff_but_no_head(host_filed_on):
    (count,) = counted(DISPATCHED, agreements=(replace(AGREEMENT, host_filed_on=host_filed_on),))

    assert {(moved.weight, moved.credited, moved.staff) for moved in count.transfers} == {(2, 0, 1)}


@pytest.mark.parametrize(
    "agreement",
    [
        replace(AGREEMENT, host_counts=False),
        replace(AGREEMENT, agency="X"),
        replace(AGREEMENT, ends=date(2024, 12, 31)),
    ],
)
def test_an_agreement_for_the_agency_another_agency_or_another_year_moves_nothing(agreement):
    (count,) = counted(DISPATCHED, agreements=(agreement,))

    assert count.transfers == ()


def test_only_dispatched_people_are_moved():
    (count,) = counted(CLAIM, agreements=(AGREEMENT,))

    assert count.transfers == ()


def test_an_open_ended_agreement_goes_on():
    (count,) = counted(DISPATCHED, agreements=(replace(AGREEMENT, ends=None),))

    assert len(count.transfers) == MONTHS


def test_two_agreements_that_name_a_host_for_one_month_are_a_fault():
    spring = replace(AGREEMENT, ends=date(2025, 6, 15))
    summer = replace(AGREEMENT, host="I", starts=date(2025, 6, 16))

    with pytest.raises(AgreementsConflict, match="2025年6月"):
        counted(DISPATCHED, agreements=(spring, summer))
    later = replace(summer, starts=date(2025, 7, 1))
    assert [agreement.host for agreement in hosts_by_month([spring, later], YEAR)] == ["H"] * 6 + ["I"] * 6


def test_a_region_may_move_heads_without_staff():
    rules = CountingRules.from_settings({"dispatch": "heads_only"})

    assert transfer(AGREEMENT, 4, 2, YEAR, rules) == Transfer("H", 4, weight=2, credited=2, staff=0)
