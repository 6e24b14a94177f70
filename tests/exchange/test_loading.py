"""The effect of loading a file on the stored rows, kind by kind."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.permissions import Role
from audit.errors import PermissionMissing
from audit.models import AuditEntry
from exchange.engine.loading import Mode
from exchange.models import FileState, ImportedFile
from quota.enums import CountsAt, ReturnState
from quota.kinds import CERTIFICATES, DISPATCH_AGREEMENTS, EMPLOYERS, INSURANCE, PLACEMENTS, RETURNS, WAGES
from quota.models import (
    Certificate,
    DispatchAgreement,
    Employer,
    HeadcountReturn,
    InsuranceMonth,
    Placement,
    RegionalSetting,
    WagePayment,
)
from quota.queries.returns import waiting_returns
from quota.services.checks import check_employers
from tests.accounts.factories import RegionFactory, officer
from tests.exchange.files import load, reasons
from tests.quota.factories import EmployerFactory, filed_return, identity_number

pytestmark = pytest.mark.django_db

CODES = ["91140105MA01000604", "91140105MA0100057Q", "91140403MA01000959"]


@pytest.fixture
def employer() -> Employer:
    return EmployerFactory(uscc=CODES[0])


@pytest.fixture
def host() -> Employer:
    return EmployerFactory(uscc=CODES[1])


def company(
    code: str = CODES[0], name: str = "清和有限公司", region: str = "140105", staff: str = "20.0000"
) -> list[str]:
    return [code, name, region, "企业", "2010-01-01", "", "0", "民营", "存续", staff, "1000000.00"]


def insured(person: str, month: str = "2025-03", injury: str = "1") -> list[str]:
    return [CODES[0], person, month, "1", "1", "1", injury]


def wage(person: str, amount: str = "2050.00", month: str = "2025-03") -> list[str]:
    return [CODES[0], person, month, amount]


def filing(filed_on: str = "2026-05-06", staff: str = "100", year: str = "2025", code: str = CODES[0]) -> list[str]:
    return [code, year, filed_on, *[staff] * 12, "6000000.00"]


def placed(person: str, end: str = "", name: str = "郭秀兰", post: str = "质检", year: str = "2025") -> list[str]:
    return [CODES[0], year, name, person, "残疾人证", f"{person}43", "劳动合同", "2024-01-01", end, post]


def registered(person: str, level: str = "3", state: str = "有效", until: str = "2030-01-01") -> list[str]:
    return ["残疾人证", f"{person}43", "郭秀兰", person, "4", level, "2020-01-01", until, state]


def agreed(person: str, start: str, end: str = "", at: str = "用工单位", host: str = CODES[1]) -> list[str]:
    return [CODES[0], host, person, start, end, at]


# Every kind alike


def test_reporting_writes_nothing(employer: Employer) -> None:
    report = load(INSURANCE, [insured(identity_number())], Mode.REPORT)
    assert (report.new, report.is_applied) == (1, False)
    assert not InsuranceMonth.objects.exists()
    assert not ImportedFile.objects.exists()


def test_a_file_with_any_fault_changes_nothing(employer: Employer) -> None:
    report = load(INSURANCE, [insured(identity_number()), insured("123")])
    assert (report.is_applied, report.sound, report.faulty_rows) == (False, 1, 1)
    assert not InsuranceMonth.objects.exists()
    assert ImportedFile.objects.get().state == FileState.REFUSED
    assert not AuditEntry.objects.filter(action="quota.file.apply").exists()


def test_sound_rows_are_written_when_asked_for_and_the_rest_is_told(employer: Employer) -> None:
    report = load(INSURANCE, [insured(identity_number()), insured("123")], Mode.APPLY_VALID)
    assert (report.is_applied, report.new, report.faulty_rows) == (True, 1, 1)
    assert InsuranceMonth.objects.count() == 1


def test_what_was_written_is_recorded_without_anybodys_number(employer: Employer) -> None:
    person = identity_number()
    load(INSURANCE, [insured(person), insured(person[:17] + "Y")], Mode.APPLY_VALID)
    entry = AuditEntry.objects.get(action="quota.file.apply")
    assert entry.details["new"] == 1
    assert entry.details["sha256"] == ImportedFile.objects.get().sha256
    assert person[:17] not in str(entry.details) + str(ImportedFile.objects.values_list("faults"))


def test_equal_rows_are_read_once_and_clashing_ones_are_faults_on_both_lines(employer: Employer) -> None:
    twice, torn = identity_number(), identity_number()
    rows = [insured(twice), insured(twice), insured(torn), insured(torn, injury="0"), insured(identity_number())]
    report = load(INSURANCE, rows, Mode.APPLY_VALID)
    assert (report.rows, report.repeated, report.sound, report.new) == (5, 1, 2, 2)
    assert reasons(report) == [
        (4, "身份证号", "与第5行是同一记录，内容却不同。"),
        (5, "身份证号", "与第4行是同一记录，内容却不同。"),
    ]


def test_unknown_employers_are_faults_with_the_cure() -> None:
    report = load(INSURANCE, [insured(identity_number())])
    assert report.faults[0].heading == "统一社会信用代码"
    assert "先导入单位名录" in report.faults[0].cure


def test_blank_required_cells_are_told_and_optional_ones_are_not(employer: Employer) -> None:
    report = load(INSURANCE, [[CODES[0], " ", "", "1", "1", "1", "　"]])
    assert [fault.heading for fault in report.faults] == ["身份证号", "所属月份", "工伤"]
    assert {fault.reason for fault in report.faults} == {"未填写。"}


def test_a_row_outside_the_officers_region_is_a_fault(employer: Employer) -> None:
    neighbour = officer(Role.SERVICE_OFFICER, "140106")
    assert load(INSURANCE, [insured(identity_number())], actor=neighbour).faults[0].reason == "不在您的管辖范围。"
    assert load(INSURANCE, [insured(identity_number())], actor=officer(Role.SERVICE_OFFICER, "140100")).new == 1


def test_a_right_for_another_kind_is_no_right() -> None:
    with pytest.raises(PermissionMissing):
        load(INSURANCE, [], actor=officer(Role.TAX_OFFICER, "140105"))


def test_another_columns_contents_are_never_stored(employer: Employer) -> None:
    columns = [*INSURANCE.headings, "id", "employer_id", "region", "line"]
    load(INSURANCE, [[*insured(identity_number()), "1", "99", "330000", "7"]], headings=columns)
    assert InsuranceMonth.objects.get().employer_id == employer.pk


# Employers


def test_employers_are_added_and_changed() -> None:
    RegionFactory(code="140105")
    assert load(EMPLOYERS, [company()]).new == 1
    report = load(EMPLOYERS, [company(name="清和（集团）有限公司"), company(CODES[1])])
    assert (report.new, report.changed) == (1, 1)
    assert Employer.objects.get(uscc=CODES[0]).name == "清和（集团）有限公司"
    again = load(EMPLOYERS, [company(name="清和（集团）有限公司"), company(CODES[1])])
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)


def test_an_emptied_cell_empties_the_stored_one() -> None:
    RegionFactory(code="140105")
    load(EMPLOYERS, [company()])
    load(EMPLOYERS, [company(staff="")])
    assert Employer.objects.get().registered_staff is None


def test_nobody_takes_an_employer_over_from_another_region(employer: Employer) -> None:
    RegionFactory(code="140106")
    thief = officer(Role.TAX_OFFICER, "140106")
    report = load(EMPLOYERS, [company(region="140106")], actor=thief)
    assert reasons(report) == [(2, "统一社会信用代码", "不在您的管辖范围。")]
    employer.refresh_from_db()
    assert employer.region_id == "140105"


# Returns


def test_a_loaded_return_is_in_force_and_waits_for_its_check(employer: Employer) -> None:
    load(RETURNS, [filing()])
    filed = HeadcountReturn.objects.get()
    assert (filed.is_in_force, filed.is_late, filed.state, filed.source) == (True, False, "submitted", "file")
    assert (filed.staff_months, filed.staff_by_month) == (1200, [100] * 12)


@pytest.mark.parametrize(
    ("dates", "in_force", "late"),
    [
        (["2026-05-06", "2026-06-07"], "2026-06-07", False),
        (["2026-06-07", "2026-05-06"], "2026-06-07", False),
        (["2026-10-31", "2026-11-01"], "2026-10-31", False),
        (["2026-11-01"], "2026-11-01", True),
        (["2026-11-02", "2026-11-01"], "2026-11-01", True),
    ],
)
def test_of_several_returns_the_rules_choose(employer: Employer, dates: list[str], in_force: str, late: bool) -> None:
    load(RETURNS, [filing(filed_on) for filed_on in dates])
    chosen = HeadcountReturn.objects.get(is_in_force=True)
    assert (chosen.filed_on.isoformat(), chosen.is_late, chosen.state) == (in_force, late, ReturnState.SUBMITTED)
    rest = HeadcountReturn.objects.filter(is_in_force=False)
    assert {filed.state for filed in rest} <= {ReturnState.REPLACED}


def test_the_deadline_is_the_regions_own(employer: Employer) -> None:
    RegionalSetting.objects.create(
        region=RegionFactory(code="140000"),
        name="filing_deadline",
        value="06-30",
        valid_from=date(2020, 1, 1),
        document_number="晋〔示例〕1号",
    )
    load(RETURNS, [filing("2026-07-01")])
    assert HeadcountReturn.objects.get().is_late


@pytest.mark.parametrize("apart", [False, True])
def test_parts_of_a_file_add_up_to_the_whole(employer: Employer, host: Employer, apart: bool) -> None:
    rows = [filing("2026-05-06"), filing("2026-06-07"), filing("2026-12-01"), filing(code=CODES[1])]
    for part in [[row] for row in rows] if apart else [rows]:
        load(RETURNS, part)
    stored = HeadcountReturn.objects.order_by("employer_id", "filed_on")
    assert [(filed.is_in_force, filed.is_late, filed.state) for filed in stored] == [
        (False, False, "replaced"),
        (True, False, "submitted"),
        (False, True, "replaced"),
        (True, False, "submitted"),
    ]


def test_a_corrected_file_of_the_same_day_replaces_its_figures(employer: Employer) -> None:
    load(RETURNS, [filing(staff="100")])
    HeadcountReturn.objects.update(state=ReturnState.CHECKED)
    report = load(RETURNS, [filing(staff="90")])
    filed = HeadcountReturn.objects.get()
    assert (report.changed, filed.staff_months, filed.state, filed.version) == (1, 1080, "submitted", 2)


def test_a_corrected_row_is_left_to_verify_like_a_new_one(employer: Employer) -> None:
    load(RETURNS, [filing()])
    check_employers(levy_year=2025, employer_ids=[employer.pk])
    load(RETURNS, [filing(staff="90")])
    corrected = HeadcountReturn.objects.get()
    assert (corrected.state, corrected.checked_at) == (ReturnState.SUBMITTED, None)
    assert waiting_returns() == []


def test_a_return_of_the_portal_is_not_the_files_own(employer: Employer) -> None:
    portal = filed_return(employer, filed_on=date(2026, 5, 6))
    HeadcountReturn.objects.update(source="portal")
    load(RETURNS, [filing("2026-05-06", staff="90")])
    assert HeadcountReturn.objects.get(is_in_force=True).staff_months == 1080
    portal.refresh_from_db()
    assert (portal.staff_months, portal.state) == (1200, ReturnState.REPLACED)


# Placements and certificates


def test_placements_carry_birth_and_sex_and_change_by_their_contract(employer: Employer) -> None:
    person = identity_number(born="19851224", female=True)
    load(PLACEMENTS, [placed(person)])
    stored = Placement.objects.get()
    assert (stored.born_on, stored.is_female) == (date(1985, 12, 24), True)
    report = load(PLACEMENTS, [placed(person, post="文员"), placed(person, end="2025-12-31")])
    assert (report.new, report.changed) == (1, 1)
    assert load(PLACEMENTS, [placed(person, post="文员"), placed(person, end="2025-12-31")]).unchanged == 2


def test_a_contract_ends_after_it_begins(employer: Employer) -> None:
    report = load(PLACEMENTS, [placed(identity_number(), end="2023-12-31")])
    assert reasons(report) == [(2, "合同结束", "结束日期早于开始日期。")]


def test_a_certificate_of_somebody_else_is_a_remark(employer: Employer) -> None:
    row = placed(identity_number())
    row[5] = f"{identity_number()}43"
    report = load(PLACEMENTS, [row])
    assert report.new == 1
    assert "第2行" in report.warnings[0]


def test_the_register_changes_by_kind_and_number() -> None:
    person = identity_number()
    load(CERTIFICATES, [registered(person)])
    assert load(CERTIFICATES, [registered(person, level="2", state="注销")]).changed == 1
    stored = Certificate.objects.get()
    assert (stored.level, stored.state) == (2, "cancelled")
    assert load(CERTIFICATES, [registered(person, level="2", state="注销")]).unchanged == 1


# Insurance and wages


def test_insurance_of_a_month_is_corrected() -> None:
    EmployerFactory(uscc=CODES[0])
    person = identity_number()
    load(INSURANCE, [insured(person, injury="0")])
    assert load(INSURANCE, [insured(person)]).changed == 1
    assert InsuranceMonth.objects.get().injury


def test_equal_payments_of_a_month_are_all_kept_and_none_twice(employer: Employer) -> None:
    person = identity_number()
    rows = [wage(person, "1000.00"), wage(person, "1000"), wage(person, "1,000.00"), wage(person, "50.00")]
    assert load(WAGES, rows).new == 4
    again = load(WAGES, list(reversed(rows)))
    assert (again.new, again.unchanged) == (0, 4)
    assert sum(WagePayment.objects.values_list("amount", flat=True)) == Decimal("3050.00")


def test_split_wage_files_add_up(employer: Employer) -> None:
    person = identity_number()
    load(WAGES, [wage(person, "1000.00")])
    load(WAGES, [wage(person, "50.00")])
    load(WAGES, [wage(person, "1000.00"), wage(person, "50.00")])
    assert sum(WagePayment.objects.values_list("amount", flat=True)) == Decimal("1050.00")


# Dispatch agreements


def test_two_hosts_in_one_month_are_a_fault_on_both_lines(employer: Employer, host: Employer) -> None:
    other = EmployerFactory(uscc=CODES[2])
    person = identity_number()
    rows = [agreed(person, "2025-01-01", "2025-06-10"), agreed(person, "2025-06-20", host=other.uscc)]
    report = load(DISPATCH_AGREEMENTS, rows, Mode.APPLY_VALID)
    assert [(line, "第3行" in why or "第2行" in why) for line, _heading, why in reasons(report)] == [
        (2, True),
        (3, True),
    ]
    assert not DispatchAgreement.objects.exists()


def test_an_agreement_may_not_overlap_a_stored_one(employer: Employer, host: Employer) -> None:
    person = identity_number()
    load(DISPATCH_AGREEMENTS, [agreed(person, "2025-01-01", "2025-06-10")])
    report = load(DISPATCH_AGREEMENTS, [agreed(person, "2025-06-20")])
    assert "2025-01-01" in report.faults[0].reason
    assert load(DISPATCH_AGREEMENTS, [agreed(person, "2025-07-01")]).new == 1


def test_agreements_that_change_places_are_written_in_any_order(employer: Employer, host: Employer) -> None:
    person = identity_number()
    before = [agreed(person, "2025-01-01", "2025-12-31"), agreed(person, "2025-02-01", "2025-12-31", "派遣单位")]
    load(DISPATCH_AGREEMENTS, before)
    after = [agreed(person, "2025-01-01", "2025-12-31", "派遣单位"), agreed(person, "2025-02-01", "2025-11-30")]
    for rows in (after, before, list(reversed(after))):
        assert load(DISPATCH_AGREEMENTS, rows).changed == 2
    assert DispatchAgreement.objects.get(starts_on=date(2025, 2, 1)).counts_at == CountsAt.HOST


def test_an_agency_is_not_its_own_host(employer: Employer) -> None:
    assert load(DISPATCH_AGREEMENTS, [agreed(identity_number(), "2025-01-01", host=CODES[0])]).faults
