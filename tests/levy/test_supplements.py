"""补充核定: an employer that came after its region's run was confirmed owes the year too, and only once."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import User
from accounts.permissions import Role
from audit.errors import PermissionMissing, ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.models import AuditEntry
from collection.queries import lists
from collection.queries.account import ledger_of
from collection.services.hand_over import hand_over_run
from disclosure.models import PublishedEntry
from levy.documents.notice import notice_pdf
from levy.errors import AlreadyAssessed, AssessedElsewhere, CorrectionStale, RunAlreadyConfirmed
from levy.models import Assessment, AssessmentRun, PolicyVersion, Supersession
from levy.services import corrections, runs
from levy.services.notices import issue_notice
from quota.models import Employer, RegionalNumber, VerifiedHeadcount
from tests.accounts.factories import RegionFactory, officer
from tests.disclosure.factories import published
from tests.levy.factories import confirmed_run, draft_run
from tests.levy.papers import words
from tests.quota.factories import EmployerFactory, employer_account, verified_year

COUNTY, NEIGHBOUR = "140105", "140106"
DUE = Decimal("81000.00")
GIVEN = {"reason": "检查发现2025年度漏征"}
SignIn = Callable[..., Client]


@pytest.fixture
def employer(db: None) -> Employer:
    """Registered after the county's confirmation; owes 81,000.00."""
    for code in ("140000", "140100", NEIGHBOUR):
        RegionFactory(code=code)
    verified_year(EmployerFactory(region=RegionFactory(code=COUNTY)), staff=100, wages="6000000.00", credited=12)
    confirmed_run(region=COUNTY)
    return late(COUNTY)


def late(region: str) -> Employer:
    found = EmployerFactory(region_id=region, name="迟到机械厂")
    verified_year(found, staff=100, wages="6000000.00", credited=0)
    return found


def levy_officer(region: str = "140100") -> User:
    return officer(Role.LEVY_OFFICER, region)


def proposed(employer: Employer, actor: User | None = None) -> Supersession:
    return corrections.propose_supplement(employer=employer, levy_year=2025, actor=actor or levy_officer(), **GIVEN)


def approved(employer: Employer) -> Supersession:
    return corrections.CORRECTIONS.approve(proposed(employer), actor=levy_officer())


def in_force(employer: Employer) -> list[Decimal]:
    return list(Assessment.objects.current().filter(employer=employer).values_list("payable", flat=True))


def hidden(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"')[0]


def test_a_supplement_goes_from_the_employers_year_through_two_people(employer: Employer, signed_in: SignIn) -> None:
    with pytest.raises(RunAlreadyConfirmed, match="从单位年度页提出补充核定"):
        draft_run(region=COUNTY)
    first, second, year = signed_in(levy_officer()), signed_in(levy_officer()), f"/employers/{employer.uscc}/2025/"
    assert "提出补充核定" in first.get(year).content.decode()
    page = first.get(f"{year}correct/").content.decode()
    assert "81,000.00" in page
    assert 'name="ground"' not in page
    there = first.post(f"{year}correct/", GIVEN | {"seen": hidden(page)}).url
    assert "提出人不能批准" in first.get(there).content.decode()
    assert "本户已有补充核定待批准" in first.get(f"{year}correct/").content.decode()
    assert in_force(employer) == []
    seen = hidden(second.get(f"{there}approve/").content.decode())
    assert second.post(f"{there}approve/", {"seen": seen}).url == year
    assert in_force(employer) == [DUE]
    after = second.get(year).content.decode()
    assert "已补充核定" in after
    assert "批准补充核定" in after
    assert "提出补充核定</a>" not in after


def test_whoever_proposed_a_supplement_does_not_approve_it(employer: Employer) -> None:
    person = levy_officer()
    with pytest.raises(SecondPersonNeeded):
        corrections.CORRECTIONS.approve(proposed(employer, person), actor=person)
    assert in_force(employer) == []


def test_it_needs_a_reason_and_the_right_in_the_employers_region(employer: Employer) -> None:
    with pytest.raises(ReasonMissing):
        corrections.propose_supplement(employer=employer, levy_year=2025, reason=" ", actor=levy_officer())
    for stranger in (levy_officer(NEIGHBOUR), officer(Role.TAX_OFFICER, COUNTY)):
        with pytest.raises(PermissionMissing):
            proposed(employer, stranger)


def test_only_where_the_regions_run_of_the_year_is_confirmed(employer: Employer, signed_in: SignIn) -> None:
    other = late(NEIGHBOUR)
    for _stage in ("no run", "a trial run"):
        page = signed_in(levy_officer())
        assert "补充核定" not in page.get(f"/employers/{other.uscc}/2025/").content.decode()
        assert page.get(f"/employers/{other.uscc}/2025/correct/").status_code == 404
        with pytest.raises(TransitionNotAllowed):
            proposed(other)
        if not AssessmentRun.objects.filter(region=NEIGHBOUR).exists():
            draft_run(region=NEIGHBOUR)
    with pytest.raises(TransitionNotAllowed):
        corrections.propose_supplement(employer=employer, levy_year=2024, actor=levy_officer(), **GIVEN)


def test_nobody_is_assessed_twice_or_beside_a_waiting_supplement(employer: Employer) -> None:
    correction = proposed(employer)
    with pytest.raises(AlreadyAssessed):
        proposed(employer)
    corrections.CORRECTIONS.approve(correction, actor=levy_officer())
    with pytest.raises(AlreadyAssessed):
        proposed(employer)
    assert in_force(employer) == [DUE]


@pytest.mark.django_db(transaction=True)
def test_of_two_officers_at_once_the_second_is_told(employer: Employer) -> None:
    is_written = threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                proposed(employer)
                is_written.set()
                time.sleep(0.5)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        done = other.submit(first)
        assert is_written.wait(10)
        with pytest.raises(AlreadyAssessed):
            proposed(employer)
        done.result()
    assert Supersession.objects.count() == 1


def test_an_employer_that_another_regions_run_holds_gets_none(employer: Employer) -> None:
    mover = late(NEIGHBOUR)
    confirmed_run(region=NEIGHBOUR)
    Employer.objects.filter(pk=mover.pk).update(region=COUNTY)
    mover.refresh_from_db()
    with pytest.raises(AlreadyAssessed):
        proposed(mover)


def checked_with(mover: Employer) -> AssessmentRun:
    """A checked run of the neighbour that has an employer; then the employer moves to the confirmed county."""
    run = runs.check_run(run=draft_run(region=NEIGHBOUR), actor=levy_officer())
    Employer.objects.filter(pk=mover.pk).update(region=COUNTY)
    mover.refresh_from_db()
    return run


def test_a_run_confirmed_meanwhile_elsewhere_leaves_a_supplement_no_room(employer: Employer) -> None:
    mover = late(NEIGHBOUR)
    run = checked_with(mover)
    waiting = proposed(mover)
    runs.confirm_run(run=run, actor=levy_officer())
    with pytest.raises(AlreadyAssessed):
        corrections.CORRECTIONS.approve(waiting, actor=levy_officer())
    assert in_force(mover) == [DUE]
    assert not AuditEntry.objects.filter(action="levy.supplement.approve").exists()


def test_a_run_elsewhere_is_not_confirmed_over_a_supplement(
    employer: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mover = late(NEIGHBOUR)
    run = checked_with(mover)
    approved(mover)
    with pytest.raises(AssessedElsewhere):
        runs.confirm_run(run=run, actor=levy_officer())
    # The database refuses it too, where both were looked for before either was there; the officer is told the same.
    looks = iter([lambda _run: None, runs._refuse_assessed_elsewhere])
    monkeypatch.setattr(runs, "_refuse_assessed_elsewhere", lambda run: next(looks)(run))
    with pytest.raises(AssessedElsewhere) as told:
        runs.confirm_run(run=run, actor=levy_officer())
    assert isinstance(told.value.__context__, IntegrityError)
    assert "assessed by a supplement" in str(told.value.__context__)
    assert in_force(mover) == [DUE]


def test_facts_or_a_region_that_moved_since_cannot_be_approved(employer: Employer, signed_in: SignIn) -> None:
    waiting = proposed(employer)
    Employer.objects.filter(pk=employer.pk).update(region=NEIGHBOUR)
    for _reason in ("region", "facts"):
        waiting = Supersession.objects.get(pk=waiting.pk)
        with pytest.raises(CorrectionStale):
            corrections.CORRECTIONS.approve(waiting, actor=levy_officer())
        page = signed_in(levy_officer()).get(f"/corrections/{waiting.pk}/").content.decode()
        assert "不能批准" in page
        Employer.objects.filter(pk=employer.pk).update(region=COUNTY)
        VerifiedHeadcount.objects.filter(employer=employer).update(credited_months=12)


def test_what_was_refused_says_why_and_leaves_the_way_free(employer: Employer, signed_in: SignIn) -> None:
    client, waiting = signed_in(levy_officer()), proposed(employer)
    client.post(f"/corrections/{waiting.pk}/reject/", {"reason": "单位已注销"})
    assert not employer.assessments.exists()
    year = client.get(f"/employers/{employer.uscc}/2025/").content.decode()
    assert "不批准补充核定" in year
    assert "单位已注销" in year
    assert "单位已注销" not in client.get(f"/employers/{employer.uscc}/2024/").content.decode()
    approved(employer)


def test_who_filed_nothing_is_assessed_by_the_tax_registration_as_in_a_run(employer: Employer) -> None:
    facts = {"registered_staff": Decimal(100), "registered_wages": Decimal("6000000.00")}
    silent, unknown = EmployerFactory(region_id=COUNTY, **facts), EmployerFactory(region_id=COUNTY)
    new = approved(silent).new
    assert (new.payable, new.is_registered_staff, new.credited_months) == (DUE, True, 0)
    assert approved(unknown).new.outcome == "missing"


def test_a_region_that_the_run_did_not_know_is_assessed_by_its_own_parameters(employer: Employer) -> None:
    confirmed_run(levy_year=2024, region="140000")
    found = EmployerFactory(region_id=NEIGHBOUR)
    verified_year(found, levy_year=2024, staff=100, wages="6000000.00", credited=0)
    ratio = RegionalNumber.objects.get(kind="required_ratio")
    correction = corrections.propose_supplement(employer=found, levy_year=2024, actor=levy_officer(), **GIVEN)
    assert correction.new.run.policy_version.content["regions"].keys() == {NEIGHBOUR}
    assert PolicyVersion.objects.filter(levy_year=2024).count() == 2
    assert corrections.CORRECTIONS.approve(correction, actor=levy_officer()).new.payable == (
        (100 * ratio.value) * 60000 * Decimal("0.9")
    )


def test_the_list_the_account_and_the_publication_hold_the_whole_amount_once(employer: Employer) -> None:
    assert approved(employer).difference == DUE
    chosen = lists.levy_list(levy_year=2025, region=employer.region)
    assert chosen.totals() == (2, DUE + Decimal("15000.00"))
    assert b"".join(lists.csv_chunks(chosen)).count(employer.uscc.encode()) == 1
    entries = ledger_of(employer).entries
    assert [(entry.label, entry.due, entry.balance) for entry in entries] == [("补充核定", DUE, DUE)]
    publication = published(region=COUNTY)
    assert publication.figures.get().payable_total == DUE + Decimal("15000.00")
    assert not PublishedEntry.objects.get(uscc=employer.uscc).is_corrected


@pytest.mark.django_db(transaction=True)
def test_the_tax_officer_sees_it_come_with_nothing_before(employer: Employer, signed_in: SignIn) -> None:
    tax, page = signed_in(Role.TAX_OFFICER, COUNTY), f"/lists/2025/{COUNTY}/"
    b"".join(tax.get(f"{page}levy-list.csv").streaming_content)
    approved(employer)
    shown = tax.get(page)
    assert [row.employer for row in shown.context["changes"].page] == [employer]
    assert shown.context["changes"].payable == DUE
    assert '补充核定</td><td class="n">—</td>' in shown.content.decode()
    assert "迟到机械厂" in tax.get("/corrections/").content.decode()
    assert "迟到机械厂" not in signed_in(Role.TAX_OFFICER, NEIGHBOUR).get("/corrections/").content.decode()


def test_what_is_not_taken_over_yet_waits_on_the_tax_officers_desk(employer: Employer, signed_in: SignIn) -> None:
    tax = signed_in(officer(Role.TAX_OFFICER, COUNTY))
    assert "补充核定待接收" not in tax.get("/home/").content.decode()
    run = approved(employer).new.run
    desk = tax.get("/home/").content.decode()
    assert "更正或补充核定待接收" in desk
    assert run.get_absolute_url() in desk
    run.refresh_from_db()
    hand_over_run(run=run, actor=officer(Role.TAX_OFFICER, COUNTY))
    assert "补充核定待接收" not in tax.get("/home/").content.decode()


def test_its_notice_replaces_none_and_the_employer_reads_it(employer: Employer, signed_in: SignIn) -> None:
    notice = issue_notice(assessment=approved(employer).new, actor=levy_officer())
    assert "本通知替代" not in words(notice_pdf([notice]).content)
    own = signed_in(employer_account(employer)).get(f"/employers/{employer.uscc}/2025/").content.decode()
    assert notice.number in own
    assert "待缴81,000.00元" in own


def test_it_is_corrected_like_any_other_assessment(employer: Employer) -> None:
    first = approved(employer).new
    VerifiedHeadcount.objects.filter(employer=employer).update(credited_months=12)
    correction = corrections.propose_correction(
        assessment=first, ground="audit", reason="检查发现", actor=levy_officer()
    )
    corrections.CORRECTIONS.approve(correction, actor=levy_officer())
    assert in_force(employer) == [Decimal("15000.00")]
    assert ledger_of(employer).balance == Decimal("15000.00")
    with pytest.raises(AlreadyAssessed):
        proposed(employer)


def test_the_pages_stay_cheap(employer: Employer, signed_in: SignIn) -> None:
    client, asked = signed_in(levy_officer()), []
    client.get("/corrections/")

    def counted(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    year, waiting = f"/employers/{employer.uscc}/2025/", None
    for _stage in ("before", "waiting"):
        there = waiting and waiting.get_absolute_url()
        for page in (year, f"{year}correct/", *((there, f"{there}approve/") if there else ())):
            asked.clear()
            with connection.execute_wrapper(counted):
                assert client.get(page).status_code == 200
            assert len(asked) + (page != year) <= 12, page  # all but one read the facts by COPY, which is not counted
        waiting = waiting or proposed(employer)
