"""核定报告: a run on paper, with the totals of its rows and the people of each step."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.permissions import Role
from collection.services.hand_over import hand_over_run
from levy.documents.run_report import report_pdf, report_sheet, terms_table
from levy.models import AssessmentRun
from quota.enums import NumberKind
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run, draft_run
from tests.levy.papers import COUNTY, NEIGHBOUR, employer, name_regions, words
from tests.quota.factories import EmployerFactory, regional_number, verified_year


@pytest.fixture(autouse=True)
def _shanxi(db: None) -> None:
    name_regions()


def employers() -> None:
    employer()
    employer("已达比例有限公司", credited=48)
    employer("迎泽小微有限公司", staff=20, credited=0, region=RegionFactory(code=NEIGHBOUR))
    EmployerFactory(name="没有资料有限公司")


def test_the_report_has_the_totals_of_the_run_by_outcome_and_by_region() -> None:
    employers()
    run = confirmed_run()
    text = words(report_pdf(run).content)
    assert "用人单位4户，应缴费额合计43,612.84元（人民币肆万叁仟陆佰壹拾贰元捌角肆分），应缴单位1户" in text
    assert "资料缺失转催报1户" in text
    for label in ("已达比例", "免征", "减半", "资料缺失", "山西省", "太原市", "小店区", "迎泽区"):
        assert label in text
    assert run.digest in text
    assert run.policy_version.digest in text


def test_it_names_who_started_checked_confirmed_and_took_over() -> None:
    employers()
    run = confirmed_run()
    run = hand_over_run(run=run, actor=officer(Role.TAX_OFFICER, "140000"))
    text = words(report_pdf(run).content)
    for person in (run.started_by, run.checked_by, run.confirmed_by, run.handed_over_by):
        assert person.name in text


def test_it_is_chinese_whatever_the_reader_speaks() -> None:
    made = employer()
    verified_year(made, levy_year=2024, staff=218, wages="18642350.00", credited=24)
    confirmed_run(2024)
    run = confirmed_run(2025)
    chinese = report_sheet(run)
    with translation.override("en"):
        assert report_sheet(run) == chinese


def test_it_compares_with_last_year_and_gives_the_reasons() -> None:
    made = employer()
    verified_year(made, levy_year=2024, staff=218, wages="18642350.00", credited=24)
    confirmed_run(2024)
    run = confirmed_run(2025)
    text = words(report_pdf(run).content)
    before = made.assessments.get(levy_year=2024).payable
    assert f"上年应缴{before:,}元" in text
    assert "安排人月由24变为27" in text
    assert "−" in text


def test_every_number_stands_beside_the_document_that_set_it() -> None:
    regional_number(NumberKind.REQUIRED_RATIO, "0.016", region=NEIGHBOUR)
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    employers()
    run = confirmed_run()
    lines = {line.regions: line for line in terms_table(run.policy_version.content)}
    assert lines["小店区"].numbers[0] == {"value": "0.015", "document": "测试〔2025〕1号"}
    assert lines["迎泽区"].numbers[0]["value"] == "0.016"
    assert "1.6%（测试〔2025〕1号）" in words(report_pdf(run).content)


def test_a_trial_computation_says_that_nobody_may_collect_by_it() -> None:
    employers()
    assert "试算结果，未经核定" in report_sheet(draft_run())


def test_the_same_run_gives_the_same_bytes() -> None:
    employers()
    run = confirmed_run()
    again = AssessmentRun.objects.get(pk=run.pk)
    assert report_pdf(run).content == report_pdf(again).content


@pytest.mark.parametrize("name", ["levy:run_report", "levy:run_report_file"])
def test_who_sees_runs_sees_their_report(signed_in: Any, name: str) -> None:
    employers()
    run = confirmed_run()
    address = reverse(name, args=[run.pk])
    assert signed_in(Role.AUDITOR, "140000").get(address).status_code == 200
    assert signed_in(Role.LEVY_OFFICER, COUNTY).get(address).status_code == 404
    assert signed_in(Role.VERIFIER, "140000").get(address).status_code == 403
    AssessmentRun.objects.update(state="discarded")
    assert signed_in(Role.AUDITOR, "140000").get(address).status_code == 404


def test_the_whole_of_the_outcomes_is_the_run_s_total() -> None:
    employers()
    run = confirmed_run()
    assert run.payable_total == Decimal("43612.84")
    assert f"<td>{run.payable_total:,}</td>" in report_sheet(run)
