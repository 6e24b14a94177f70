"""Divisions: grouped from the province down, and changed by two administrators; old codes stay."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Appointment, Region, User
from accounts.permissions import Role
from accounts.services import load_regions
from audit.errors import PermissionMissing, ReasonMissing
from audit.models import AuditEntry
from levy.errors import RegionPending, RegionRefused
from levy.models import Assessment, RegionChange
from levy.services import runs
from levy.services.region_changes import DIVISIONS, propose_region_change
from quota.models import Employer, HeadcountReturn
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run, draft_run
from tests.quota.factories import EmployerFactory, filed_return, regional_number, verified_year
from tests.steps import take_step

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
PROVINCE, CITY, COUNTY, NEIGHBOUR = "140000", "140100", "140105", "140106"
Kind = RegionChange.Kind
TEXT = {"document_number": "晋政函〔2026〕1号", "reason": "国务院批准"}


@pytest.fixture(autouse=True)
def _regions() -> None:
    for code in (PROVINCE, CITY, COUNTY, NEIGHBOUR):
        RegionFactory(code=code)


def admin(code: str = PROVINCE) -> User:
    return officer(Role.ADMINISTRATOR, code)


def proposal(kind: RegionChange.Kind, code: str = COUNTY, actor: User | None = None, **given: object) -> RegionChange:
    return propose_region_change(kind=kind, code=code, actor=actor or admin(), **(TEXT | given))


def merger(code: str = COUNTY, into: str = NEIGHBOUR, **given: object) -> RegionChange:
    values = {"successor": RegionFactory(code=into), "last_day": date(2026, 1, 31)}
    return proposal(Kind.RETIRE, code, **(values | given))


def test_a_county_is_added_by_two_and_can_be_used_at_once(signed_in: SignIn) -> None:
    first, second = signed_in(admin()), signed_in(admin())
    given = TEXT | {"code": "140112", "name": "新城区"}
    made = first.post(f"/divisions/{CITY}/add/", given)
    assert not Region.objects.filter(code="140112").exists()
    assert "须由另一人办理" in take_step(first, f"{made.url}approve/", follow=True).content.decode()
    assert "待另一位管理员批准" in second.get("/divisions/").content.decode()
    take_step(second, f"{made.url}approve/")
    added = Region.objects.get(code="140112")
    assert (added.name, added.level, added.valid_until) == ("新城区", Region.Level.COUNTY, None)
    assert "新城区" in second.get(f"/divisions/{CITY}/").content.decode()
    assert second.get("/people/new/").content.decode().count("140112") > 0
    assert AuditEntry.objects.filter(action="levy.regionchange.approve", region_code="140112").exists()


def test_a_renamed_county_keeps_its_code_and_the_page_shows_both_names(signed_in: SignIn) -> None:
    Region.objects.filter(code=COUNTY).update(name="小店区")
    change = proposal(Kind.RENAME, name="新店区")
    page = signed_in(admin()).get(change.get_absolute_url()).content.decode()
    assert "小店区" in page
    assert "新店区" in page
    DIVISIONS.approve(change, actor=admin())
    assert Region.objects.get(code=COUNTY).name == "新店区"


def test_a_merged_county_leaves_its_years_under_the_old_code(signed_in: SignIn) -> None:
    verified_year(EmployerFactory(region__code=COUNTY))
    confirmed_run()
    clerk = officer(Role.VERIFIER, COUNTY)
    DIVISIONS.approve(merger(), actor=admin())
    region = Region.objects.get(code=COUNTY)
    assert (region.valid_until, region.successor_id) == (date(2026, 1, 31), NEIGHBOUR)
    assert Assessment.objects.get().region_id == Employer.objects.get().region_id == COUNTY
    assert not User.objects.get(pk=clerk.pk).current_appointments
    assert Appointment.objects.filter(user=clerk, ended_at=None).exists()
    reader = signed_in(Role.AUDITOR, PROVINCE)
    assert f"（{NEIGHBOUR}）" in reader.get(f"/divisions/?q={COUNTY}").content.decode()
    assert f"（{COUNTY}）" in reader.get(f"/divisions/{NEIGHBOUR}/").content.decode()


def test_a_county_with_a_live_run_is_not_retired_and_the_run_is_named() -> None:
    verified_year(EmployerFactory(region__code=COUNTY))
    run = draft_run()
    with pytest.raises(RegionRefused, match=f"核定批次{run.pk}"):
        merger()
    runs.discard_run(run=run, actor=officer(Role.LEVY_OFFICER, PROVINCE), reason="重算")
    change = merger()
    again = draft_run()
    with pytest.raises(RegionRefused, match=f"核定批次{again.pk}"):
        DIVISIONS.approve(change, actor=admin())
    assert Region.objects.get(code=COUNTY).valid_until is None


@pytest.mark.parametrize("state", ["submitted", "checked"])
def test_a_county_with_returns_that_wait_is_not_retired(state: str) -> None:
    filed = filed_return(EmployerFactory(region__code=COUNTY))
    HeadcountReturn.objects.filter(pk=filed.pk).update(state=state)
    with pytest.raises(RegionRefused, match="还有1份申报"):
        merger()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": Kind.ADD, "code": COUNTY, "name": "新区"}, "不重复使用"),
        ({"kind": Kind.ADD, "code": "149999", "name": "新区"}, "没有现行的上级"),
        ({"kind": Kind.ADD, "code": "14011", "name": "新区"}, "6位数字"),
        ({"kind": Kind.ADD, "code": "14011２", "name": "新区"}, "6位数字"),
        ({"kind": Kind.RENAME, "name": "地区140105"}, "与现名称相同"),
        ({"kind": Kind.RENAME, "code": "140199", "name": "新区"}, "重新提出"),
        ({"kind": Kind.RETIRE}, "并入地"),
        ({"kind": Kind.RETIRE, "into": COUNTY}, "并入地"),
        ({"kind": Kind.RETIRE, "into": CITY}, "并入地"),
        ({"kind": Kind.RETIRE, "into": "150105"}, "并入地"),
        ({"kind": Kind.RETIRE, "code": PROVINCE, "into": "150000"}, "省级"),
        ({"kind": Kind.RETIRE, "code": CITY, "into": "140200"}, "下级还有2个"),
        ({"kind": Kind.RETIRE, "into": NEIGHBOUR, "last_day": date(2100, 1, 1)}, "不能晚于今天"),
    ],
)
def test_what_cannot_be_is_refused_in_words(given: dict[str, object], told: str) -> None:
    if into := given.pop("into", None):
        given = {"successor": RegionFactory(code=into), "last_day": timezone.localdate()} | given
    with pytest.raises(RegionRefused, match=told):
        proposal(**given)
    assert not RegionChange.objects.exists()


def test_one_change_of_a_division_waits_at_a_time_and_has_its_text() -> None:
    change = merger()
    with pytest.raises(RegionPending):
        proposal(Kind.RENAME, name="新店区")
    DIVISIONS.reject(change, actor=admin(), reason="文号不符")
    with pytest.raises(ReasonMissing):
        proposal(Kind.RENAME, name="新店区", document_number=" ")
    assert Region.objects.get(code=COUNTY).valid_until is None


def test_what_moved_since_the_proposal_is_not_approved(signed_in: SignIn) -> None:
    change = proposal(Kind.RENAME, name="新店区")
    Region.objects.filter(code=COUNTY).update(name="别名区")
    client = signed_in(admin())
    assert "现在不能批准" in client.get(change.get_absolute_url()).content.decode()
    assert "刚有变化" in take_step(client, f"{change.get_absolute_url()}approve/", follow=True).content.decode()
    assert Region.objects.get(code=COUNTY).name == "别名区"


def test_the_shipped_list_does_not_undo_what_two_administrators_registered() -> None:
    listed = {code: f"地区{code}" for code in (PROVINCE, CITY, COUNTY, NEIGHBOUR)}
    for change in (merger(), proposal(Kind.RENAME, CITY, name="新市"), proposal(Kind.ADD, "140112", name="新区")):
        DIVISIONS.approve(change, actor=admin())
    changes = load_regions(names=listed, actor=None)
    assert (changes.added, changes.changed, changes.retired, changes.kept) == (0, 0, 0, 3)
    assert Region.objects.get(code=COUNTY).valid_until == date(2026, 1, 31)
    assert Region.objects.get(code=CITY).name == "新市"
    assert Region.objects.get(code="140112").valid_until is None


def test_a_county_administrator_changes_neither_the_neighbour_nor_the_city(signed_in: SignIn) -> None:
    client = signed_in(admin(COUNTY))
    for code in (NEIGHBOUR, CITY):
        assert client.get(f"/divisions/{code}/").status_code == 404
        assert client.post(f"/divisions/{code}/rename/", TEXT | {"name": "新区"}).status_code == 404
        with pytest.raises(PermissionMissing):
            proposal(Kind.RENAME, code, name="新区", actor=admin(COUNTY))
    change = proposal(Kind.RENAME, NEIGHBOUR, name="新区")
    assert client.get(change.get_absolute_url()).status_code == 404
    assert client.post(f"{change.get_absolute_url()}approve/").status_code == 404
    own = proposal(Kind.RENAME, name="新店区")
    assert signed_in(Role.AUDITOR, PROVINCE).post(f"{own.get_absolute_url()}approve/").status_code == 403


def test_a_code_outside_the_parent_is_refused_in_the_form(signed_in: SignIn) -> None:
    RegionFactory(code="140200")
    page = signed_in(admin()).post(f"/divisions/{CITY}/add/", TEXT | {"code": "140212", "name": "新区"})
    assert "以1401开头" in page.content.decode()
    assert signed_in(admin()).get(f"/divisions/{COUNTY}/add/").status_code == 403


def test_a_province_opens_on_its_cities_and_a_city_on_its_counties(signed_in: SignIn) -> None:
    client = signed_in(admin())
    page = client.get("/divisions/").content.decode()
    assert f"/divisions/{CITY}/" in page
    assert f"/divisions/{COUNTY}/" not in page
    assert f"/divisions/{COUNTY}/" in client.get(f"/divisions/{CITY}/").content.decode()
    assert f"/divisions/{COUNTY}/" in client.get("/divisions/?q=区140105").content.decode()


def test_a_citys_administrator_is_led_to_no_page_above_the_city(signed_in: SignIn) -> None:
    above = f'href="/divisions/{PROVINCE}/"'
    assert above not in signed_in(admin(CITY)).get(f"/divisions/{CITY}/").content.decode()
    assert above in signed_in(admin()).get(f"/divisions/{CITY}/").content.decode()


@pytest.mark.parametrize("page", ["/divisions/", f"/divisions/{CITY}/", "/divisions/?q=地区", "the change"])
def test_pages_cost_the_same_however_much_there_is(signed_in: SignIn, page: str) -> None:
    client = signed_in(admin())
    change = merger()
    page = change.get_absolute_url() if page == "the change" else page
    client.get(page)
    counts = []
    for start, stop in ((20, 22), (22, 90)):
        for number in range(start, stop):
            region = RegionFactory(code=f"1401{number}")
            RegionFactory(code=f"14{number}00")
            proposal(Kind.RENAME, region.code, name="新区")
            EmployerFactory(region=region)
            regional_number("minimum_wage", "2000", region=region.code)
        Region.objects.filter(code__in=["140120", "140130"]).update(
            valid_until=timezone.localdate() - timedelta(days=1), successor=NEIGHBOUR
        )
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12
