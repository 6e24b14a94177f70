"""The filing day in a returns file: what a person may upload, and what the command line may load."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client

from accounts.permissions import Role
from audit.errors import ReasonMissing, SecondPersonNeeded
from audit.models import AuditEntry
from exchange.models import FileState, ImportedFile
from exchange.services.approvals import decision_about
from exchange.services.uploads import order_writing, read_file, write_file
from quota.kinds import RETURNS
from quota.models import Employer, HeadcountReturn, RegionalSetting
from quota.queries.returns import day_in_china
from tests.accounts.factories import RegionFactory, officer
from tests.exchange.files import load
from tests.exchange.test_loading import CODES, filing
from tests.quota.factories import EmployerFactory
from tests.quota.test_hands import received

pytestmark = pytest.mark.django_db
COUNTY = "140105"


@pytest.fixture
def employer() -> Employer:
    return EmployerFactory(uscc=CODES[0], region=RegionFactory(code=COUNTY))


def last_day(day: date) -> None:
    """The county's last day to file, in the year of the day."""
    RegionalSetting.objects.create(
        region_id=COUNTY, name="filing_deadline", value=f"{day:%m-%d}", valid_from=date(2015, 1, 1),
        document_number="测试〔2015〕1号",
    )  # fmt: skip


def read(filed_on: date, year: int) -> ImportedFile:
    file = received("returns", [filing(filed_on.isoformat(), year=str(year))], officer(Role.VERIFIER, COUNTY))
    read_file(file=file)
    file.refresh_from_db()
    assert file.state == FileState.CHECKED
    return file


def test_a_person_uploads_no_day_after_today(employer: Employer) -> None:
    today = day_in_china()
    (fault,) = read(today + timedelta(days=1), today.year - 1).faults
    assert (fault["heading"], fault["reason"]) == ("申报日期", "申报日期晚于今天。")


def test_a_person_uploads_no_day_before_the_year_is_over(employer: Employer) -> None:
    (fault,) = read(date(2025, 12, 31), 2025).faults
    assert fault["reason"] == "申报日期早于该年度申报开始之日。"


@pytest.mark.parametrize("day", ["1999-01-01", "2199-01-01"])
def test_the_command_line_loads_any_day(employer: Employer, day: str) -> None:
    assert load(RETURNS, [filing(day)]).new == 1
    assert HeadcountReturn.objects.get().filed_on.isoformat() == day


def test_twin_days_between_are_taken(employer: Employer) -> None:
    today = day_in_china()
    last_day(date(today.year, 12, 31))
    assert read(today, today.year - 1).fault_count == 0
    assert read(date(today.year, 1, 1), today.year - 1).fault_count == 0


def yesterday_was_the_last_day(employer: Employer) -> ImportedFile:
    """A filing that comes in today under the last day, which is over."""
    last_day(date(2026, 1, 2))
    return read(date(2026, 1, 2), 2025)


def test_a_late_filing_with_a_timely_day_needs_a_second_person_and_a_reason(employer: Employer) -> None:
    file = yesterday_was_the_last_day(employer)
    assert file.needs_second
    with pytest.raises(SecondPersonNeeded):
        order_writing(file=file, only_sound_rows=False, actor=officer(Role.VERIFIER, COUNTY))
    decision = decision_about(file)
    with pytest.raises(SecondPersonNeeded):
        decision.approve(file, actor=file.loaded_by, reason="窗口收件")
    second = officer(Role.VERIFIER, COUNTY)
    with pytest.raises(ReasonMissing):
        decision.approve(file, actor=second, reason=" ")
    write_file(file=decision.approve(file, actor=second, reason="1月2日窗口收件，有收件登记"))
    filed = HeadcountReturn.objects.get()
    assert (filed.is_late, filed.filed_on) == (False, date(2026, 1, 2))
    assert AuditEntry.objects.get(action="quota.file.approve").reason == "1月2日窗口收件，有收件登记"


def test_twin_a_late_day_and_a_day_of_an_open_year_need_nobody_else(employer: Employer) -> None:
    last_day(date(2026, 1, 2))
    assert not read(date(2026, 1, 3), 2025).needs_second
    RegionalSetting.objects.all().delete()
    today = day_in_china()
    last_day(date(today.year, 12, 31))
    assert not read(today, today.year - 1).needs_second


def test_the_page_asks_the_second_person_for_the_reason(employer: Employer, signed_in: Callable[..., Client]) -> None:
    file = yesterday_was_the_last_day(employer)
    page = signed_in(Role.VERIFIER, COUNTY).get(f"/files/{file.pk}/approve/").content.decode()
    assert "截止日后录入、申报日期在截止日前的申报1户" in page
    assert employer.uscc in page
    assert 'name="reason"' in page
