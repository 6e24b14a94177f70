"""A case: the claim beside the evidence, decisions and steps; each reader's view, and the trail."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.identity import decrypt
from accounts.models import User
from accounts.permissions import Role
from audit.models import AuditEntry
from quota.enums import NumberKind, ReturnState
from quota.models import Certificate, Employer, HeadcountReturn, Placement, PlacementCheck, VerifiedHeadcount
from quota.queries.verification import decision_seen
from quota.services.checks import run_checks
from quota.tasks import check_waiting
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import (
    YEAR,
    EmployerFactory,
    agreement,
    employer_account,
    filed_return,
    identity_number,
    placement,
    regional_number,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
COUNTY = "140105"
MOST_QUERIES = 13  # one of them is of the first request after signing in only (tests/whole/test_queries.py)


@pytest.fixture(autouse=True)
def minimum_wage(db: None) -> None:
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    for code in ("140100", COUNTY, "140106"):
        RegionFactory(code=code)


@pytest.fixture
def first() -> User:
    return officer(Role.VERIFIER, COUNTY)


@pytest.fixture
def client(first: User, signed_in: SignIn) -> Client:
    return signed_in(first)


@pytest.fixture
def employer() -> Employer:
    """One person paid for six months, another for twelve; checked."""
    employer = EmployerFactory(region_id=COUNTY)
    filed_return(employer)
    placement(employer, months=range(1, 7))
    placement(employer)
    run_checks(levy_year=YEAR, region_code=COUNTY)
    return employer


@pytest.fixture
def half_paid(employer: Employer) -> Placement:
    return employer.placements.order_by("pk").first()


def the_return(employer: Employer) -> HeadcountReturn:
    return HeadcountReturn.objects.in_force().get(employer=employer, levy_year=YEAR)


def case_url(employer: Employer) -> str:
    return reverse("quota:case", args=[the_return(employer).pk])


def step_url(employer: Employer, step: str) -> str:
    return reverse("quota:case_step", args=[the_return(employer).pk, step])


def take(client: Client, employer: Employer, step: str, **typed: str) -> str:
    """Open the page before the step and send its form. Returns the text of the next page."""
    seen = dict(re.findall(r'name="(seen)" value="(\w+)"', text_of(client, step_url(employer, step))))
    return client.post(step_url(employer, step), seen | typed, follow=True).content.decode()


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def queue_url(**filters: object) -> str:
    return reverse("quota:queue", query={"levy_year": YEAR, **filters})


def test_the_case_costs_the_same_for_two_and_two_hundred_people(
    client: Client, employer: Employer, queries: Callable[[Client, str], int]
) -> None:
    few = queries(client, case_url(employer))
    for _ in range(198):
        placement(employer, months=[])
    run_checks(levy_year=YEAR, region_code=COUNTY)
    assert queries(client, case_url(employer)) == few <= MOST_QUERIES


def test_a_case_shows_the_claim_beside_the_evidence(client: Client, employer: Employer) -> None:
    text = text_of(client, case_url(employer))
    assert "24</b>" in text  # claimed
    assert "18</b>" in text  # computed
    assert "7、8、9、10、11、12月无工资记录" in text
    assert "四险" in text


def test_every_line_of_evidence_is_tested_by_itself(client: Client, employer: Employer) -> None:
    """The certificate fails first; that the wages are short must still be seen."""
    identity = identity_number()
    row = placement(employer, identity=identity, paid="100.00", contract=(date(YEAR, 3, 1), date(YEAR, 8, 31)))
    Certificate.objects.filter(person_key=row.person_key).update(state="frozen")
    run_checks(levy_year=YEAR, region_code=COUNTY)
    text = text_of(client, reverse("quota:case_person", args=[the_return(employer).pk, row.pk]))
    assert "冻结" in text
    assert "劳动合同不满1年" in text
    assert "3、4、5、6、7、8月工资低于最低工资标准" in text


@pytest.mark.parametrize("named", [COUNTY, "140106"])
def test_who_decides_on_an_agency_reads_whose_headcount_changes_with_it(
    client: Client, employer: Employer, named: str
) -> None:
    host, words = EmployerFactory(region_id=named, name="用工单位有限公司"), "这些单位的安排人数也随之变动"
    assert words not in text_of(client, step_url(employer, "verify"))
    agreement(employer, host, identity_number(), since=date(YEAR - 1, 3, 1))
    for step in ("verify", "reopen"):
        text = text_of(client, step_url(employer, step))
        assert words in text
        assert (f'href="/employers/{host.uscc}/{YEAR}/">用工单位有限公司</a>' in text) == (named == COUNTY)
        assert ("的另一单位" in text) == (named != COUNTY)


def test_a_certificate_of_somebody_else_is_pointed_out(client: Client, employer: Employer) -> None:
    row = placement(employer)
    other = placement(EmployerFactory(region_id=COUNTY))
    Certificate.objects.filter(person_key=row.person_key).update(person_key=other.person_key)
    run_checks(levy_year=YEAR, region_code=COUNTY)
    assert "登记的是另一人" in text_of(client, reverse("quota:case_person", args=[the_return(employer).pk, row.pk]))


def test_a_rival_of_another_region_is_told_by_its_place_only(
    client: Client, employer: Employer, half_paid: Placement, signed_in: SignIn
) -> None:
    rival = EmployerFactory(region_id="140106", name="秘密单位有限公司")
    filed_return(rival)
    copy = Placement.objects.get(pk=half_paid.pk)
    copy.pk, copy.employer = None, rival
    copy.save()
    run_checks(levy_year=YEAR, region_code="140106")
    url = reverse("quota:case_person", args=[the_return(employer).pk, half_paid.pk])
    assert rival.name not in text_of(client, url)
    assert "地区140106的另一单位" in text_of(client, url)
    assert rival.name in text_of(signed_in(Role.VERIFIER, "140100"), url)


def decision(row: Placement, **changes: str) -> dict[str, str]:
    """The form's data for the present decision."""
    seen = decision_seen(PlacementCheck.objects.get(placement=row))
    months = {f"month_{month}": "1" for month in range(1, 13)}
    return months | {"reason": "R01", "note": "银行回单相符", "seen": seen} | changes


def test_months_are_decided_on_the_page(client: Client, employer: Employer, half_paid: Placement) -> None:
    url = reverse("quota:case_person", args=[the_return(employer).pk, half_paid.pk])
    assert client.post(url, decision(half_paid)).status_code == 302
    half_paid.check_result.refresh_from_db()
    assert half_paid.check_result.decided == [1] * 12
    assert "银行回单相符" in text_of(client, url)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reason": ""}, "须选择理由"),
        ({"reason": "R99"}, "R99"),
        ({"month_3": "2"}, "3月认定"),
        ({"month_3": ""}, "3月认定"),
    ],
    ids=str,
)
def test_a_decision_that_cannot_be_is_told_at_the_box(
    client: Client, employer: Employer, half_paid: Placement, changes: dict[str, str], told: str
) -> None:
    url = reverse("quota:case_person", args=[the_return(employer).pk, half_paid.pk])
    answer = client.post(url, decision(half_paid, **changes))
    assert answer.status_code == 200
    assert told in answer.content.decode()
    half_paid.check_result.refresh_from_db()
    assert half_paid.check_result.decision_reason == ""


def test_the_totals_follow_what_is_chosen_before_anything_is_saved(
    client: Client, employer: Employer, half_paid: Placement
) -> None:
    url = reverse("quota:decision_preview", args=[the_return(employer).pk, half_paid.pk])
    shown = client.post(url, decision(half_paid, reason="", month_1="0")).content.decode()
    assert 'id="tally"' in shown
    assert "<b>23</b>" in shown
    assert "比系统核算+5人月" in shown
    half_paid.check_result.refresh_from_db()
    assert half_paid.check_result.decision_reason == ""
    assert client.get(url).status_code == 405


def test_two_people_take_a_return_to_its_certificate(client: Client, employer: Employer, signed_in: SignIn) -> None:
    assert "初审通过" in text_of(client, case_url(employer))
    assert "由另一人办理" in text_of(client, step_url(employer, "review"))
    take(client, employer, "review")
    assert the_return(employer).state == ReturnState.REVIEWED
    assert "须由另一人办理" in take(client, employer, "verify")
    assert step_url(employer, "verify") not in text_of(client, case_url(employer))
    second = signed_in(Role.VERIFIER, COUNTY)
    done = take(second, employer, "verify")
    number = VerifiedHeadcount.objects.get().number
    assert f"审核认定书{number}" in done
    assert the_return(employer).state == ReturnState.VERIFIED


def test_what_is_approved_is_what_was_shown(
    client: Client, employer: Employer, half_paid: Placement, signed_in: SignIn
) -> None:
    """A colleague decides some months between the look and the click."""
    seen = re.search(r'name="seen" value="(\w+)"', text_of(client, step_url(employer, "review")))[1]
    colleague = signed_in(Role.VERIFIER, COUNTY)
    colleague.post(reverse("quota:case_person", args=[the_return(employer).pk, half_paid.pk]), decision(half_paid))
    answer = client.post(step_url(employer, "review"), {"seen": seen}, follow=True)
    assert "刚有变化" in answer.content.decode()
    assert the_return(employer).state == ReturnState.CHECKED
    take(client, employer, "review")
    assert the_return(employer).state == ReturnState.REVIEWED


@pytest.mark.parametrize("step", ["send_back", "reopen"])
def test_a_step_that_needs_a_reason_asks_for_it(client: Client, employer: Employer, step: str) -> None:
    assert "<title>错误：" in take(client, employer, step, reason=" ")
    assert the_return(employer).state == ReturnState.CHECKED


def test_a_return_is_sent_back_with_the_reason_that_the_employer_reads(
    client: Client, employer: Employer, signed_in: SignIn
) -> None:
    take(client, employer, "send_back", reason="请补正工资凭证")
    clerk = signed_in(employer_account(employer))
    assert "请补正工资凭证" in text_of(clerk, reverse("quota:return", args=[the_return(employer).pk]))


def test_a_return_is_sent_back_with_what_each_person_lacks_and_the_tax_bureau_reads_no_name(
    client: Client, employer: Employer, half_paid: Placement, signed_in: SignIn
) -> None:
    text = text_of(client, step_url(employer, "send_back"))
    assert "7至12月无工资记录" in text
    assert text.count('name="person_') == 1
    lack = {f"person_{half_paid.pk}": "7至12月的工资凭证"}
    take(client, employer, "send_back", reason="请逐项补正", **lack)
    clerk = signed_in(employer_account(employer))
    assert f"{half_paid.name}：7至12月的工资凭证" in text_of(
        clerk, reverse("quota:return", args=[the_return(employer).pk])
    )
    year = reverse("portal:employer_year", args=[employer.uscc, YEAR])
    assert half_paid.name in text_of(client, year)
    tax = text_of(signed_in(Role.TAX_OFFICER, COUNTY), year)
    assert "请逐项补正" in tax
    assert half_paid.name not in tax


def test_a_first_review_is_taken_back_with_a_reason(client: Client, employer: Employer, signed_in: SignIn) -> None:
    take(client, employer, "review")
    second = signed_in(Role.VERIFIER, COUNTY)
    assert "<title>错误：" in take(second, employer, "return_to_review", reason="")
    assert "退回初审" in take(second, employer, "return_to_review", reason="3月工资单须再核")
    check_waiting()
    assert the_return(employer).state == ReturnState.CHECKED
    assert "3月工资单须再核" in text_of(client, case_url(employer))


@pytest.mark.parametrize(
    ("whole", "months"), [("count", [1] * 12), ("refuse", [0] * 12), ("computed", [1] * 6 + [0] * 6)]
)
def test_all_months_of_a_person_are_decided_at_once(
    client: Client, employer: Employer, half_paid: Placement, whole: str, months: list[int]
) -> None:
    url = reverse("quota:case_person", args=[the_return(employer).pk, half_paid.pk])
    assert client.post(url, decision(half_paid, whole=whole, month_2="0")).status_code == 302
    half_paid.check_result.refresh_from_db()
    assert half_paid.check_result.decided == months


def test_a_step_that_is_not_due_is_refused_politely(client: Client, employer: Employer) -> None:
    assert "当前状态不能进行此项操作" in take(client, employer, "verify")
    assert client.get(step_url(employer, "conquer")).status_code == 404


def test_identity_numbers_are_masked_until_opened_with_a_reason_and_every_opening_is_recorded(
    client: Client, employer: Employer, half_paid: Placement
) -> None:
    number = decrypt(half_paid.identity_encrypted)
    for url in (queue_url(), case_url(employer), case_url(employer) + f"people/{half_paid.pk}/"):
        assert number not in text_of(client, url)
    url = reverse("quota:reveal", args=[the_return(employer).pk, half_paid.pk])
    assert number not in text_of(client, url)
    assert number not in client.post(url, {"reason": ""}).content.decode()
    assert not AuditEntry.objects.filter(action="quota.placement.reveal").exists()
    for times in (1, 2):
        opened = client.post(url, {"reason": "与原件核对"})
        assert number in opened.content.decode()
        assert opened.headers["Cache-Control"] == "no-store, private"
        assert AuditEntry.objects.filter(action="quota.placement.reveal").count() == times
    assert number not in text_of(client, url)


SEES = {Role.VERIFIER: 200, Role.AUDITOR: 200}
ACTS = {Role.VERIFIER: 302}


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_persons_and_who_acts(
    employer: Employer, half_paid: Placement, signed_in: SignIn, role: Role
) -> None:
    session, filed = signed_in(role, COUNTY), the_return(employer)
    person = reverse("quota:case_person", args=[filed.pk, half_paid.pk])
    for url in (queue_url(), case_url(employer), person):
        assert session.get(url).status_code == SEES.get(role, 403)
    assert session.get(reverse("quota:quick")).status_code == (200 if role == Role.VERIFIER else 403)
    acts = {
        person: decision(half_paid),
        step_url(employer, "send_back"): {"reason": "补正", "seen": "0"},
        reverse("quota:quick"): {"levy_year": YEAR, "region": COUNTY, "step": "review"},
    }
    preview = session.post(f"{person}preview/", decision(half_paid)).status_code
    assert preview == (200 if role == Role.VERIFIER else 403)
    for url, typed in acts.items():
        assert session.post(url, typed).status_code == ACTS.get(role, 403)
    reveal = reverse("quota:reveal", args=[filed.pk, half_paid.pk])
    assert session.post(reveal, {"reason": "核对"}).status_code == (200 if role == Role.VERIFIER else 403)


def test_a_case_of_another_county_does_not_exist(employer: Employer, half_paid: Placement, signed_in: SignIn) -> None:
    session, filed = signed_in(Role.VERIFIER, "140106"), the_return(employer)
    for url in (
        case_url(employer),
        step_url(employer, "review"),
        reverse("quota:case_person", args=[filed.pk, half_paid.pk]),
        reverse("quota:reveal", args=[filed.pk, half_paid.pk]),
    ):
        assert session.get(url).status_code == 404
        assert session.post(url, {"reason": "核对"}).status_code == 404
    assert the_return(employer).state == ReturnState.CHECKED


def test_a_person_of_another_return_cannot_be_reached_through_this_one(client: Client, employer: Employer) -> None:
    other = EmployerFactory(region_id="140106")
    filed_return(other)
    row = placement(other)
    run_checks(levy_year=YEAR, region_code="140106")
    for name in ("quota:case_person", "quota:reveal"):
        assert client.get(reverse(name, args=[the_return(employer).pk, row.pk])).status_code == 404


def test_an_employer_sees_nothing_of_the_federation_s_pages(employer: Employer, signed_in: SignIn) -> None:
    clerk = signed_in(employer_account(employer))
    for url in (queue_url(), case_url(employer), reverse("quota:quick")):
        assert clerk.get(url).status_code == 403


def test_drafts_are_the_employer_s_own_affair(client: Client, employer: Employer) -> None:
    HeadcountReturn.objects.filter(employer=employer).update(state=ReturnState.DRAFT, is_in_force=False)
    draft = HeadcountReturn.objects.get(employer=employer)
    assert client.get(reverse("quota:case", args=[draft.pk])).status_code == 404
