"""Pages of corrections: proposed from an employer's year, decided by a second person on exactly the figures shown."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.permissions import Role
from audit.errors import TransitionNotAllowed
from audit.models import AuditEntry
from levy.errors import CorrectionChanged, CorrectionStale, NothingToCorrect
from levy.models import Assessment, Supersession
from levy.queries.corrections import reassess
from levy.services import corrections, runs
from levy.services.notices import issue_notice
from quota.models import Employer, VerifiedHeadcount
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, verified_year

SignIn = Callable[..., Client]
COUNTY = "140105"
GIVEN = {"ground": "objection", "reason": "复核多认定12人月"}


@pytest.fixture
def employer(db: None) -> Employer:
    RegionFactory(code="140000")
    found = EmployerFactory(region=RegionFactory(code=COUNTY))
    verified_year(found, staff=100, wages="6000000.00", credited=0)
    confirmed_run()
    return found


def levy_officer() -> User:
    return officer(Role.LEVY_OFFICER, COUNTY)


def verified_anew(months: int = 12) -> None:
    """The federation found `months` person-months after the confirmation."""
    VerifiedHeadcount.objects.update(credited_months=months)


def hidden(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"')[0]


def waiting(employer: Employer) -> Supersession:
    verified_anew()
    return corrections.propose_correction(assessment=employer.assessments.get(), actor=levy_officer(), **GIVEN)


def test_a_correction_goes_from_the_employers_year_through_two_people(employer: Employer, signed_in: SignIn) -> None:
    verified_anew()
    first, second = signed_in(levy_officer()), signed_in(levy_officer())
    year = f"/employers/{employer.uscc}/2025/"
    assert f"{year}correct/" in first.get(year).content.decode()
    page = first.get(f"{year}correct/").content.decode()
    assert "81,000.00元" in page
    assert "15,000.00元" in page
    answer = first.post(f"{year}correct/", GIVEN | {"seen": hidden(page)})
    correction = Supersession.objects.get()
    assert answer.url == f"/corrections/{correction.pk}/"
    assert "提出人不能批准" in first.get(answer.url).content.decode()
    step = f"{answer.url}approve/"
    shown = hidden(second.get(step).content.decode())
    refused = first.post(step, {"seen": shown}, follow=True).content.decode()
    assert "须由另一人办理" in refused
    assert second.post(step, {"seen": shown}).url == year
    assert Assessment.objects.current().get().payable == Decimal("15000.00")
    after = second.get(year).content.decode()
    assert "已更正" in after
    assert "81,000.00" in after
    assert "批准更正" in after


def test_nothing_is_proposed_where_nothing_changed(employer: Employer, signed_in: SignIn) -> None:
    page = signed_in(levy_officer()).get(f"/employers/{employer.uscc}/2025/correct/").content.decode()
    assert "目前没有可以更正的内容" in page
    with pytest.raises(NothingToCorrect):
        corrections.propose_correction(assessment=employer.assessments.get(), actor=levy_officer(), **GIVEN)
    assert not Supersession.objects.exists()


def test_a_proposal_holds_for_the_figures_that_were_shown(employer: Employer) -> None:
    verified_anew()
    assessment = employer.assessments.get()
    seen = reassess(assessment).seen
    verified_anew(18)
    with pytest.raises(CorrectionChanged):
        corrections.propose_correction(assessment=assessment, actor=levy_officer(), seen=seen, **GIVEN)


def test_facts_that_moved_since_cannot_be_approved(employer: Employer, signed_in: SignIn) -> None:
    correction = waiting(employer)
    verified_anew(18)
    with pytest.raises(CorrectionStale):
        corrections.CORRECTIONS.approve(correction, actor=levy_officer())
    page = signed_in(levy_officer()).get(f"/corrections/{correction.pk}/").content.decode()
    assert "不能批准" in page
    assert "/approve/" not in page


def test_what_was_rejected_says_why_and_cannot_be_approved_any_more(employer: Employer, signed_in: SignIn) -> None:
    correction = waiting(employer)
    client = signed_in(levy_officer())
    client.post(f"/corrections/{correction.pk}/reject/", {"reason": "证据不足"})
    assert AuditEntry.objects.get(action="levy.correction.reject").reason == "证据不足"
    assert "证据不足" in client.get(f"/employers/{employer.uscc}/2025/").content.decode()
    assert client.get(f"/corrections/{correction.pk}/").status_code == 404
    with pytest.raises(TransitionNotAllowed):
        corrections.CORRECTIONS.approve(correction, actor=levy_officer())


def test_the_run_of_a_correction_is_not_decided_for_itself(employer: Employer, signed_in: SignIn) -> None:
    run = waiting(employer).new.run
    for decide in (runs.check_run, runs.confirm_run):
        with pytest.raises(TransitionNotAllowed):
            decide(run=run, actor=levy_officer())
    with pytest.raises(TransitionNotAllowed):
        runs.discard_run(run=run, actor=levy_officer(), reason="作废")
    assert "/discard/" not in signed_in(levy_officer()).get(f"/runs/{run.pk}/").content.decode()


def test_other_roles_read_corrections_and_decide_none(employer: Employer, signed_in: SignIn) -> None:
    correction = waiting(employer)
    for role in (Role.TAX_OFFICER, Role.FINANCE_OFFICER, Role.AUDITOR):
        client = signed_in(role, COUNTY)
        assert employer.name in client.get("/corrections/").content.decode()
        assert "/approve/" not in client.get(f"/corrections/{correction.pk}/").content.decode()
        assert client.post(f"/corrections/{correction.pk}/approve/").status_code == 403
    stranger = signed_in(Role.LEVY_OFFICER, "140106")
    assert stranger.get(f"/corrections/{correction.pk}/").status_code == 404
    assert employer.name not in stranger.get("/corrections/").content.decode()


def test_a_notice_is_issued_from_the_year_and_again_after_a_correction(employer: Employer, signed_in: SignIn) -> None:
    client, year = signed_in(levy_officer()), f"/employers/{employer.uscc}/2025/"
    assert "签发征收核定通知书" in client.get(year).content.decode()
    old = issue_notice(assessment=employer.assessments.get(), actor=levy_officer())
    assert "签发征收核定通知书" not in client.get(year).content.decode()
    corrections.CORRECTIONS.approve(waiting(employer), actor=levy_officer())
    page = client.get(year).content.decode()
    assert old.number in page
    assert "已被更正替代" in page
    now = Assessment.objects.current().get()
    client.post(f"/assessments/{now.pk}/notice/")
    assert now.notice.number in client.get(year).content.decode()


def test_the_list_costs_the_same_at_two_and_at_twenty(employer: Employer, signed_in: SignIn) -> None:
    client = signed_in(levy_officer())
    client.get("/corrections/")
    first, counts = waiting(employer), []
    for more in (1, 15):
        for _number in range(more):
            other = EmployerFactory(region=employer.region)
            _copy(first, other)
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/corrections/").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12


def _copy(correction: Supersession, employer: Employer) -> None:
    pair = []
    for row in (correction.old, correction.new):
        run = row.run
        run.pk, run.is_correction, run.state = None, True, "draft"
        run.save()
        row.pk, row.employer, row.run = None, employer, run
        row.save()
        pair.append(row)
    Supersession.objects.create(
        old=pair[0], new=pair[1], ground="audit", reason="检查", proposed_by=correction.proposed_by
    )
