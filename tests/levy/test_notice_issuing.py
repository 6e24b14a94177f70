"""Issuing notices: the employers that may get one, and the numbers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from audit.errors import PermissionMissing
from audit.models import AuditEntry
from law.codes import EntityType
from levy.documents.notice import notice_pdf
from levy.errors import NoticeNotPossible
from levy.models import Assessment, Notice
from levy.services import corrections
from levy.services.notices import issue_notice
from quota.models import VerifiedHeadcount
from tests.accounts.factories import RegionFactory
from tests.levy.factories import confirmed_run, draft_run
from tests.levy.papers import COUNTY, NEIGHBOUR, employer, issued, levy_officer, name_regions, words
from tests.quota.factories import EmployerFactory


@pytest.fixture(autouse=True)
def _shanxi(db: None) -> None:
    name_regions()


def test_numbers_run_on_without_gaps_in_each_county() -> None:
    made = [employer("甲"), employer("乙"), employer("丙", region=RegionFactory(code=NEIGHBOUR)), employer("丁")]
    confirmed_run()
    numbers = [issued(one).number for one in made]
    year = numbers[0][3:7]
    assert numbers == [
        f"残核〔{year}〕{county}-{serial:06d}"
        for county, serial in ((COUNTY, 1), (COUNTY, 2), (NEIGHBOUR, 1), (COUNTY, 3))
    ]


def test_asking_twice_gives_the_same_notice_and_one_entry_in_the_trail() -> None:
    made = employer()
    confirmed_run()
    assert issued(made) == issued(made)
    assert AuditEntry.objects.filter(action="levy.notice.issue").count() == 1


def test_an_unconfirmed_assessment_gets_none() -> None:
    employer()
    run = draft_run()
    with pytest.raises(NoticeNotPossible, match="第二人核定"):
        issue_notice(assessment=run.assessments.get(), actor=levy_officer())


def test_an_employer_without_figures_gets_none() -> None:
    made = EmployerFactory(entity_type=EntityType.SOLE_TRADER)
    confirmed_run()
    with pytest.raises(NoticeNotPossible, match="没有可以通知的费额"):
        issued(made)


def test_a_replaced_assessment_gets_none_and_the_new_notice_names_the_old() -> None:
    made = employer()
    confirmed_run()
    old = issued(made)
    VerifiedHeadcount.objects.filter(employer=made).update(credited_months=30)
    correction = corrections.propose_correction(
        assessment=old.assessment, ground="objection", reason="多认定3人月", actor=levy_officer()
    )
    corrections.CORRECTIONS.approve(correction, actor=levy_officer())
    new = issued(made)
    assert new.assessment_id != old.assessment_id
    assert f"本通知替代{old.number}号通知书，事由：异议" in words(notice_pdf([new]).content)
    Notice.objects.filter(pk=old.pk).delete()
    with pytest.raises(NoticeNotPossible, match="已被更正替代"):
        issue_notice(assessment=old.assessment, actor=levy_officer())


def test_an_officer_of_another_county_issues_none() -> None:
    made = employer()
    confirmed_run()
    with pytest.raises(PermissionMissing):
        issued(made, levy_officer(NEIGHBOUR))


def test_two_officers_who_issue_at_the_same_time_get_different_numbers(transactional_db: None) -> None:
    RegionFactory(code="140000")
    for name in "甲乙丙丁戊己":
        employer(name)
    run = confirmed_run()
    actor = levy_officer()

    def issue(assessment: Assessment) -> str:
        try:
            return issue_notice(assessment=assessment, actor=actor).number
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(issue, run.assessments.all()))
    assert sorted(int(number[-6:]) for number in numbers) == [1, 2, 3, 4, 5, 6]
