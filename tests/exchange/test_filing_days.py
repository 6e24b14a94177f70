"""The filing day in a returns file: what a person may upload, and what the command line may load."""

from datetime import date, timedelta

import pytest

from accounts.permissions import Role
from exchange.models import FileState, ImportedFile
from exchange.services.uploads import read_file
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
