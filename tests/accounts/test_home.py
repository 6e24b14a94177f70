"""The first page: the work that waits for each person."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.permissions import Role
from accounts.waiting import Waiting, all_lines
from levy.services import runs
from quota.enums import ReturnState
from quota.models import HeadcountReturn
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import draft_run
from tests.quota.factories import EmployerFactory, verified_year

SignIn = Callable[..., Client]


def waits(user: User) -> dict[str, int]:
    return {line.label: line.count for line in all_lines(user) if isinstance(line, Waiting)}


@pytest.fixture
def filed(db: None) -> HeadcountReturn:
    RegionFactory(code="140000")
    employer = EmployerFactory(region=RegionFactory(code="140105"))
    return verified_year(employer, staff=100, wages="6000000.00", credited=12).headcount_return


def test_a_second_look_waits_for_everybody_but_the_first_reviewer(filed: HeadcountReturn) -> None:
    HeadcountReturn.objects.filter(pk=filed.pk).update(state=ReturnState.REVIEWED)
    assert waits(officer(Role.VERIFIER, "140100")) == {"2025年度申报待复审": 1}
    assert waits(filed.reviewed_by) == {}


def test_nothing_of_another_county_waits(filed: HeadcountReturn) -> None:
    HeadcountReturn.objects.filter(pk=filed.pk).update(state=ReturnState.CHECKED)
    assert waits(officer(Role.VERIFIER, "140106")) == {}


def test_a_run_waits_for_its_next_person(filed: HeadcountReturn) -> None:
    first, second = officer(Role.LEVY_OFFICER, "140000"), officer(Role.LEVY_OFFICER, "140000")
    tax = officer(Role.TAX_OFFICER, "140000")
    run = draft_run()
    assert waits(first) == {"核定批次待核对": 1}
    runs.check_run(run=run, actor=first)
    assert waits(first) == {}
    assert waits(second) == {"核定批次待核定": 1}
    assert waits(tax) == {}
    runs.confirm_run(run=run, actor=second)
    assert waits(tax) == {"征收清单待接收": 1}


def test_the_page_links_to_the_one_run(filed: HeadcountReturn, signed_in: SignIn) -> None:
    run = draft_run()
    text = signed_in(Role.LEVY_OFFICER, "140000").get("/home/").content.decode()
    assert f'<a href="/runs/{run.pk}/">核定批次待核对</a>' in text


def test_who_has_nothing_to_do_is_told_so(filed: HeadcountReturn, signed_in: SignIn) -> None:
    assert "目前没有待您办理的事项" in signed_in(Role.AUDITOR, "140000").get("/home/").content.decode()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.EMPLOYER])
def test_the_page_costs_few_queries_whatever_waits(role: Role, filed: HeadcountReturn, signed_in: SignIn) -> None:
    client = signed_in(role, "140000")

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/home/").status_code == 200
        return len(captured)

    cost()  # the first page of a session notes the session
    few = cost()
    for employer in EmployerFactory.create_batch(20, region=filed.employer.region):
        verified_year(employer)
    HeadcountReturn.objects.update(state=ReturnState.CHECKED)
    assert cost() == few <= 12
