"""The list of divisions: complete, well-formed, and updated without ever deleting a code."""

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import RegionListIncomplete
from accounts.management.commands.load_regions import read_regions
from accounts.models import Region
from accounts.services import RegionChanges, load_regions
from audit.models import AuditEntry
from law.identifiers import check_region_code

SHIPPED = settings.BASE_DIR / "fixtures" / "regions.csv"
SHANXI = {"140000": "山西省", "140100": "太原市", "140105": "小店区"}


def test_shipped_list_has_every_division_of_the_country():
    codes = read_regions(SHIPPED)
    counties = [code for code in codes if not code.endswith("00")]
    provinces = [code for code in codes if code.endswith("0000")]
    assert len(provinces) == 34
    assert len(codes) - len(counties) - len(provinces) == 333 + 9  # with the standard's nine nominal prefectures
    assert len(counties) == 2845
    assert codes["140105"] == "小店区"


def test_shipped_list_is_well_formed_and_has_every_parent():
    codes = read_regions(SHIPPED)
    assert list(codes) == sorted(codes)
    for code in codes:
        assert check_region_code(code) == code
        assert set(Region(code=code).lineage()) <= set(codes)


def test_shipped_list_has_no_retired_division():
    codes = read_regions(SHIPPED)
    merged = {"500105", "500112", "330103", "422921", "140102", "140202"}
    assert not merged & set(codes)


@pytest.mark.django_db
def test_list_sets_names_and_levels():
    Region.objects.all().delete()
    assert load_regions(names=SHANXI, actor=None) == RegionChanges(added=3, changed=0, retired=0)
    assert dict(Region.objects.values_list("code", "level")) == {"140000": 1, "140100": 2, "140105": 3}


@pytest.mark.django_db
def test_same_list_again_writes_nothing():
    Region.objects.all().delete()
    load_regions(names=SHANXI, actor=None)
    entries = AuditEntry.objects.count()
    with CaptureQueriesContext(connection) as captured:
        assert load_regions(names=SHANXI, actor=None) == RegionChanges(added=0, changed=0, retired=0)
    assert not [query for query in captured if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert AuditEntry.objects.count() == entries


@pytest.mark.django_db
def test_merged_division_is_retired_today_and_kept():
    Region.objects.all().delete()
    load_regions(names=SHANXI | {"140111": "北城区"}, actor=None)
    assert load_regions(names=SHANXI, actor=None).retired == 1
    assert Region.objects.get(code="140111").valid_until == timezone.localdate()
    assert AuditEntry.objects.latest("id").details["retired"] == ["140111"]


@pytest.mark.django_db
def test_retirement_day_stays_when_the_list_is_loaded_later():
    Region.objects.all().delete()
    load_regions(names=SHANXI | {"140111": "北城区"}, actor=None)
    load_regions(names=SHANXI, actor=None)
    Region.objects.filter(code="140111").update(valid_until="2020-01-01")
    assert load_regions(names=SHANXI, actor=None).retired == 0
    assert str(Region.objects.get(code="140111").valid_until) == "2020-01-01"


@pytest.mark.django_db
def test_division_that_comes_back_is_in_force_again_under_its_new_name():
    Region.objects.all().delete()
    load_regions(names=SHANXI | {"140111": "北城区"}, actor=None)
    load_regions(names=SHANXI, actor=None)
    assert load_regions(names=SHANXI | {"140111": "北郊区"}, actor=None).changed == 1
    region = Region.objects.get(code="140111")
    assert (region.name, region.valid_until) == ("北郊区", None)


@pytest.mark.django_db
def test_list_without_a_province_in_force_is_refused():
    Region.objects.all().delete()
    load_regions(names=SHANXI, actor=None)
    with pytest.raises(RegionListIncomplete):
        load_regions(names={"330000": "浙江省"}, actor=None)
    assert not Region.objects.exclude(valid_until=None).exists()


@pytest.mark.django_db
def test_command_loads_the_shipped_list(capsys):
    Region.objects.all().delete()
    call_command("load_regions")
    assert capsys.readouterr().out == "行政区划：新增 3221，更新 0，撤销 0。\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["", "code,name\n", "行政区划代码,名称\n140000\n", "行政区划代码,名称\n140000,山西省\n140000,山西\n"]
)
def test_command_refuses_another_file(tmp_path, text):
    file = tmp_path / "regions.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"regions\.csv"):
        call_command("load_regions", str(file))
