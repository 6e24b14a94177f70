"""Parameters: values in force, missing ones with what they block, and new values by two administrators."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Region, User
from accounts.permissions import Role
from levy.errors import ParameterChanged, ParameterPending, ParameterRefused
from levy.models import Assessment, ParameterChange, PolicyVersion
from levy.queries.explanations import explain
from levy.queries.parameter_effects import effect_on_last_year
from levy.queries.parameter_state import gaps_of
from levy.services.parameter_changes import PARAMETERS, propose_parameter
from quota.enums import NumberKind
from quota.models import RegionalNumber
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, regional_number, verified_year

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
PROVINCE, COUNTY = "140000", "140105"
WAGE = NumberKind.SOCIAL_AVERAGE_WAGE
GIVEN = {"value": "90,000", "valid_from": "2026-01-01", "document_number": "晋统〔2027〕1号", "source": "山西省统计局"}


@pytest.fixture(autouse=True)
def _regions() -> None:
    for code in (PROVINCE, "140100", COUNTY):
        RegionFactory(code=code)


def admin(code: str = PROVINCE) -> User:
    return officer(Role.PARAMETER_ADMINISTRATOR, code)


def proposal(actor: User | None = None, **given: object) -> ParameterChange:
    values = {
        "region": Region.objects.get(code=PROVINCE),
        "name": WAGE,
        "value": "90000",
        "valid_from": date(2026, 1, 1),
        "valid_until": None,
        "document_number": "晋统〔2027〕1号",
        "source": "山西省统计局",
    }
    return propose_parameter(actor=actor or admin(), **(values | given))


def test_a_gap_is_named_with_what_it_stops_and_closed_by_two(signed_in: SignIn) -> None:
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    first, second, reader = signed_in(admin()), signed_in(admin()), signed_in(Role.AUDITOR, PROVINCE)
    page = f"/parameters/?region={PROVINCE}&levy_year=2026"
    assert "2026年社会平均工资未录入" in first.get(page).content.decode()
    assert "不能试算和核定" in reader.get(page).content.decode()
    made = first.post(f"/parameters/{PROVINCE}/{WAGE}/new/", GIVEN)
    assert not RegionalNumber.objects.filter(kind=WAGE).exists()
    step = f"{made.url}approve/"
    seen = second.get(step).content.decode().split('name="seen" value="')[1].split('"')[0]
    assert "须由另一人办理" in first.post(step, {"seen": seen}, follow=True).content.decode()
    assert not RegionalNumber.objects.filter(kind=WAGE).exists()
    second.post(step, {"seen": seen})
    row = RegionalNumber.objects.get(kind=WAGE)
    assert (row.value, row.entered_by == row.approved_by) == (Decimal("90000"), False)
    assert "社会平均工资未录入" not in reader.get(page).content.decode()
    assert reader.post(step).status_code == 403


def test_a_later_value_ends_the_earlier_one_and_history_keeps_both(signed_in: SignIn) -> None:
    regional_number(WAGE, "80000")
    PARAMETERS.approve(proposal(), actor=admin())
    old, new = RegionalNumber.objects.filter(kind=WAGE).order_by("valid_from")
    assert (old.value, old.valid_until) == (Decimal("80000"), date(2025, 12, 31))
    assert new.valid_from == date(2026, 1, 1)
    history = signed_in(admin()).get(f"/parameters/{PROVINCE}/{WAGE}/").content.decode()
    assert "80,000.00元" in history
    assert "90,000.00元" in history


def test_a_value_of_the_same_day_replaces_the_wrong_one_and_history_shows_it(signed_in: SignIn) -> None:
    regional_number(WAGE, "8000", since="2026-01-01")
    change = PARAMETERS.approve(proposal(), actor=admin())
    assert RegionalNumber.objects.get(kind=WAGE).value == Decimal("90000")
    assert change.replaced.startswith("8,000.00元")
    assert "8,000.00元" in signed_in(admin()).get(f"/parameters/{PROVINCE}/{WAGE}/").content.decode()


def test_confirmed_runs_keep_what_they_pinned() -> None:
    """Promise A11."""
    verified_year(EmployerFactory(region__code=COUNTY), staff=100, wages="30000000.00")
    confirmed_run()
    before = Assessment.objects.get().payable
    PARAMETERS.approve(proposal(valid_from=date(2015, 1, 1), value="20000"), actor=admin())
    assert RegionalNumber.objects.get(kind=WAGE).value == Decimal("20000")
    assert explain(Assessment.objects.select_related("run__policy_version").get()).payable == before
    assert PolicyVersion.objects.get().content["regions"][COUNTY][WAGE]["value"] in ("80000", "8E+4")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": NumberKind.REQUIRED_RATIO, "value": "0.01"}, "不得低于1.5%"),
        ({"value": "0"}, "1元至1000万元"),
        ({"value": "NaN"}, "."),
        ({"name": "rounding", "value": "2dp"}, "没有名为"),
        ({"name": "wage_base", "value": "minimum"}, "不能取"),
        ({"valid_until": date(2025, 12, 31)}, "不能早于"),
        ({"valid_until": date(2026, 12, 31)}, "此后将没有数值"),
        ({"valid_from": date(2014, 1, 1)}, "不能晚于2014-12-31"),
    ],
)
def test_what_no_row_can_hold_is_refused_in_words(given: dict[str, object], told: str) -> None:
    regional_number(WAGE, "80000")
    with pytest.raises(ParameterRefused, match=told):
        proposal(**given)
    assert not ParameterChange.objects.exists()


def test_one_change_of_a_value_waits_at_a_time() -> None:
    proposal()
    with pytest.raises(ParameterPending):
        proposal(value="91000")


def test_an_approval_holds_for_what_was_shown() -> None:
    change = proposal()
    seen = PARAMETERS.seen(change)
    regional_number(WAGE, "80000")
    with pytest.raises(ParameterChanged):
        PARAMETERS.approve(change, actor=admin(), seen=seen)
    assert not RegionalNumber.objects.filter(value=90000).exists()


def test_the_approver_sees_how_many_the_new_value_would_cap() -> None:
    for wages in ("10000000.00", "17000000.00", "30000000.00"):
        verified_year(EmployerFactory(region__code=COUNTY), staff=100, wages=wages)
    confirmed_run()
    effect = effect_on_last_year(proposal(value="90000"))
    capped, payable = effect.lines
    assert (effect.levy_year, capped.before, capped.after) == (2025, 2, 1)
    heads = Decimal("1.5") * Decimal("0.9")
    assert payable.before == heads * (100_000 + 160_000 + 160_000)
    assert payable.after.quantize(Decimal("0.01")) == heads * (100_000 + 170_000 + 180_000)


def test_a_county_administrator_does_not_touch_the_province(signed_in: SignIn) -> None:
    client = signed_in(admin(COUNTY))
    assert client.get(f"/parameters/{PROVINCE}/{WAGE}/").status_code == 404
    assert client.post(f"/parameters/{PROVINCE}/{WAGE}/new/", GIVEN).status_code == 404
    change = proposal()
    assert client.get(f"/parameters/changes/{change.pk}/").status_code == 404
    assert client.post(f"/parameters/changes/{change.pk}/approve/").status_code == 404


def test_divisions_are_found_and_say_what_they_lack(signed_in: SignIn) -> None:
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(WAGE, "80000", region=COUNTY)
    Region.objects.filter(code="140100").update(name="太原市", valid_until="2024-01-01")
    page = signed_in(admin()).get("/divisions/?levy_year=2025").content.decode()
    assert "已撤销" in page
    assert "1个地区缺" not in page  # the province lacks a wage, the county the minimum wages
    assert set(gaps_of(list(Region.objects.filter(valid_until=None)), 2025)) == {PROVINCE, COUNTY}
    assert "140105" not in signed_in(admin()).get("/divisions/?q=太原").content.decode()


@pytest.mark.parametrize("page", ["/parameters/", "/parameters/changes/", "/divisions/"])
def test_pages_cost_the_same_however_much_there_is(signed_in: SignIn, page: str) -> None:
    client = signed_in(admin())
    client.get(page)
    counts = []
    for start in (0, 2):
        for number in range(start, start * 10 + 2):
            region = RegionFactory(code=f"1402{number:02d}" if number else "140200")
            regional_number(NumberKind.MINIMUM_WAGE, "2000", region=region.code)
            proposal(region=region)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12
