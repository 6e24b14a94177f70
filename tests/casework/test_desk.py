"""The desk: the lines for each person, with the oldest task, the nearest last day and the sum of money."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from access.models import AccessChange
from accounts.models import User
from accounts.permissions import Role
from casework.desk import Due, Money, Waiting, all_lines
from casework.views.desk import Row, Urgency, by_urgency
from disclosure.models import Publication
from law.holidays import PUBLISHED
from levy.models import AssessmentRun, ParameterChange, RegionChange, Supersession
from levy.services import runs
from levy.services.corrections import propose_correction
from levy.services.region_changes import propose_region_change
from quota.enums import ReturnState
from quota.models import HeadcountReturn, RegionalSetting
from subsidies.models import Award
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.levy.factories import confirmed_run, draft_run
from tests.quota.factories import EmployerFactory, employer_account, verified_year
from tests.world import COUNTY, a_county

SignIn = Callable[..., Client]
THIS_YEAR = localdate().year


def all_waiting(user: User) -> list[Waiting]:
    return [line for line in all_lines(user) if isinstance(line, Waiting)]


def waits(user: User) -> dict[str, int]:
    return {line.label: line.count for line in all_waiting(user)}


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


def test_the_page_says_that_nothing_waits(filed: HeadcountReturn, signed_in: SignIn) -> None:
    assert "目前没有待您办理的事项" in signed_in(Role.AUDITOR, "140000").get("/home/").content.decode()


def test_a_person_without_a_post_is_sent_to_the_administrator(db: None, signed_in: SignIn) -> None:
    assert "您的账号还没有岗位" in signed_in(UserFactory()).get("/home/").content.decode()


OWN_LINES = {
    Role.EMPLOYER: {"申报草稿待提交"},
    Role.VERIFIER: {"2025年度申报待初审"},
    Role.SERVICE_OFFICER: set(),
    Role.LEVY_OFFICER: {"更正待批准"},
    Role.TAX_OFFICER: {"征收清单待接收"},
    Role.FINANCE_OFFICER: {"公示待公布", "奖励待批准"},
    Role.AUDITOR: set(),
    Role.ADMINISTRATOR: {"权限变更待批准", "行政区划变更待批准"},
    Role.PARAMETER_ADMINISTRATOR: {"参数变更待批准"},
}
# The state of what waits, as the page that a line leads to writes it.
STATES = {
    "申报草稿待提交": "草稿",
    "2025年度申报待初审": "待初审",
    "更正待批准": "待批准",
    "征收清单待接收": "已核定",
    "公示待公布": "待公布",
    "奖励待批准": "待批准",
    "参数变更待批准": "待批准",
}


@pytest.fixture
def county(db: None, settings: Any) -> dict[Role, User]:
    """A person of every role in a county where something of everything waits, put there by others."""
    settings.PDF_ENABLED = False
    world = a_county()
    HeadcountReturn.objects.filter(state=ReturnState.DRAFT).update(levy_year=THIS_YEAR - 1)
    propose_region_change(
        kind=RegionChange.Kind.RENAME, code=COUNTY, name="新名区", document_number="民函〔2026〕1号",
        reason="更名", actor=officer(Role.ADMINISTRATOR, COUNTY),
    )  # fmt: skip
    people = {role: officer(role, COUNTY) for role in Role if role != Role.EMPLOYER}
    return people | {Role.EMPLOYER: employer_account(world.employer)}


def test_each_role_sees_its_own_lines_and_only_within_its_region(county: dict[Role, User]) -> None:
    assert {role: set(waits(person)) for role, person in county.items()} == OWN_LINES
    assert {role: waits(officer(role, "140106")) for role in Role} == {role: {} for role in Role}


def test_a_line_counts_what_its_page_shows(county: dict[Role, User], signed_in: SignIn) -> None:
    lines = {line.label: (line, person) for person in county.values() for line in all_waiting(person)}
    for label, state in STATES.items():
        line, person = lines[label]
        html = signed_in(person).get(line.url).content.decode()
        assert len(re.findall(f'<span class="tag[^>]*>{state}<', html)) == line.count, label


def test_nothing_waits_for_the_person_who_put_it_there(county: dict[Role, User]) -> None:
    for model, label in (
        (AccessChange, "权限变更待批准"),
        (ParameterChange, "参数变更待批准"),
        (RegionChange, "行政区划变更待批准"),
        (Supersession, "更正待批准"),
        (Award, "奖励待批准"),
    ):
        assert label not in waits(model.objects.get().proposed_by)


def test_a_line_says_since_when_and_how_much(county: dict[Role, User]) -> None:
    shown = {line.label: line for person in county.values() for line in all_waiting(person)}
    award = Award.objects.get()
    assert (shown["奖励待批准"].since, shown["奖励待批准"].money) == (
        award.proposed_at,
        Money(award.amount, "奖励金额"),
    )
    correction = Supersession.objects.get()
    assert shown["更正待批准"].money == Money(correction.difference, "应缴费额增减")
    handed = AssessmentRun.objects.filter(is_correction=False)
    assert shown["征收清单待接收"].money.yuan == sum(run.payable_total for run in handed)
    assert shown["征收清单待接收"].since == min(run.confirmed_at for run in handed)
    assert shown["2025年度申报待初审"].since == HeadcountReturn.objects.get(state=ReturnState.CHECKED).filed_on
    assert shown["2025年度申报待初审"].money is None


def test_corrections_without_figures_have_no_sum(filed: HeadcountReturn) -> None:
    """The sum of the others would look like the whole."""
    employer = EmployerFactory(region=filed.employer.region)
    assessment = confirmed_run().assessments.get(employer=employer)
    assert assessment.payable is None
    verified_year(employer)
    correction = propose_correction(
        assessment=assessment, ground="correction", reason="补报", actor=officer(Role.LEVY_OFFICER, "140000")
    )
    assert correction.new.payable is not None
    (line,) = all_waiting(officer(Role.LEVY_OFFICER, "140000"))
    assert (line.count, line.money) == (1, None)


def test_a_publication_is_due_twenty_working_days_after_it_was_prepared(county: dict[Role, User]) -> None:
    prepared_on = localdate(Publication.objects.get().prepared_at)
    (line,) = (line for line in all_waiting(county[Role.FINANCE_OFFICER]) if line.label == "公示待公布")
    between = (prepared_on + timedelta(days=n) for n in range(1, (line.due.day - prepared_on).days + 1))
    assert sum(PUBLISHED.is_working_day(day) for day in between) == 20
    assert line.due.source == "政府信息公开条例第二十六条"


def test_a_draft_is_due_on_the_region_s_last_day_to_file(county: dict[Role, User]) -> None:
    def due() -> date:
        (line,) = all_waiting(county[Role.EMPLOYER])
        return line.due.day

    assert due() == date(THIS_YEAR, 10, 31)
    RegionalSetting.objects.create(
        region_id="140100", name="filing_deadline", value="11-15", valid_from=date(2020, 1, 1), document_number="1号"
    )
    assert due() == date(THIS_YEAR, 11, 15)


def test_drafts_of_many_years_and_employers_cost_the_same(county: dict[Role, User]) -> None:
    person = county[Role.EMPLOYER]
    assert person.current_appointments  # read once for all that is asked of the person
    with CaptureQueriesContext(connection) as few:
        all_lines(person)
    for employer in EmployerFactory.create_batch(5, region=RegionFactory(code="140106")):
        person.memberships.create(employer=employer)
        for year in (THIS_YEAR - 1, THIS_YEAR - 2):
            HeadcountReturn.objects.create(
                employer=employer, levy_year=year, source="portal", staff_by_month=[9] * 12, staff_months=108,
                total_wages=1,
            )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        assert waits(person) == {"申报草稿待提交": 11}
    assert len(many) == len(few)


TODAY = date(2026, 10, 14)


def line(label: str, due: date | None, since: date | datetime | None = None) -> Waiting:
    return Waiting(label, 1, "/", since, due and Due(due, "申报截止"))


def test_the_most_urgent_comes_first_and_then_the_longest_wait() -> None:
    lines = [
        line("久等", None, date(2026, 8, 1)),
        line("新来", None, date(2026, 10, 1)),
        line("七日", TODAY + timedelta(days=7)),
        line("八日", TODAY + timedelta(days=8)),
        line("昨日", TODAY - timedelta(days=1)),
        line("今日", TODAY),
    ]
    found = [(urgency, [row.line.label for row in rows]) for urgency, rows in by_urgency(lines, TODAY)]
    assert found == [
        (Urgency.OVERDUE, ["昨日"]),
        (Urgency.SOON, ["今日", "七日"]),
        (Urgency.REST, ["八日", "久等", "新来"]),
    ]


@pytest.mark.parametrize(("left", "words"), [(-2, "逾期2天"), (0, "今日到期"), (1, "还有1天")])
def test_a_last_day_is_told_from_today(left: int, words: str) -> None:
    assert Row(line("申报", TODAY + timedelta(days=left)), TODAY).due_words == words


def test_a_wait_is_counted_in_chinese_days() -> None:
    late_evening_in_london = datetime(2026, 10, 12, 17, tzinfo=UTC)
    assert Row(line("申报", None, late_evening_in_london), TODAY).waited == "1天"
    assert Row(line("申报", None, TODAY), TODAY).waited == "当日"


def test_the_page_opens_with_what_is_overdue(county: dict[Role, User], signed_in: SignIn) -> None:
    html = signed_in(county[Role.EMPLOYER]).get("/home/").content.decode()
    notice = html[html.index('class="notice notice-bad') : html.index("</section>")]
    assert "申报草稿待提交：逾期" in notice
    assert f'申报截止：<span class="phrase">{THIS_YEAR}年10月31日</span>。' in notice


@pytest.mark.parametrize("role", Role)
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
