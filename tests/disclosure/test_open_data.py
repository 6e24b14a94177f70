"""The open-data files: their contents, the data they never contain, and that downloads match their hashes."""

import csv
import hashlib
import io
import json
from decimal import Decimal

import pytest

from disclosure.columns import CONTENTS
from disclosure.models import Publication
from disclosure.queries.figures import heads, total
from levy.models import Assessment
from levy.queries.totals import region_totals, regions_of_run, run_sums
from quota.models import Employer
from tests.disclosure.factories import (
    PINGCHENG,
    SHANXI,
    XIAODIAN,
    YINGZE,
    draft,
    employer,
    mixed_employers,
    regions,
)
from tests.levy.factories import confirmed_run
from tests.quota.factories import verified_year

pytestmark = pytest.mark.django_db


def content(publication: Publication, name: str, kind: str) -> bytes:
    with publication.files.get(name=name, format=kind).stored.open("rb") as stored:
        return stored.read()


def table(publication: Publication, name: str) -> list[dict[str, str]]:
    text = content(publication, name, "csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def publication() -> Publication:
    regions()
    mixed_employers()
    for place in (YINGZE, PINGCHENG):
        verified_year(employer(place), staff=31)
    confirmed_run()
    return draft()


def test_digest_size_and_rows_are_those_of_the_stored_file(publication):
    assert publication.files.count() == 4
    for file in publication.files.all():
        stored = content(publication, file.name, file.format)
        assert (file.sha256, file.size) == (hashlib.sha256(stored).hexdigest(), len(stored))
    assert publication.files.get(name="entries", format="csv").row_count == publication.entry_count == 7


def test_both_formats_say_the_same(publication):
    for name, columns in CONTENTS.items():
        rows = json.loads(content(publication, name, "json"))["rows"]
        sheet = table(publication, name)
        assert len(rows) == len(sheet) == publication.files.get(name=name, format="csv").row_count
        numbers = [column for column in columns if column.key.endswith(("heads", "units"))]
        for row, line in zip(rows, sheet, strict=True):
            assert [str(row[c.key] if row[c.key] is not None else "") for c in numbers] == [
                line[c.heading] for c in numbers
            ]


def test_json_explains_its_own_columns(publication):
    document = json.loads(content(publication, "figures", "json"))
    assert document["columns"]["shortfall_heads"]["heading"] == "未按规定安排（人）"
    assert set(document["rows"][0]) == set(document["columns"])


def test_published_totals_equal_the_run_for_every_region_and_every_region_above(publication):
    """A1, read back from the file as a reader would: counts exactly, heads after rounding the sum once."""
    lines = {
        row["行政区划代码"]: row
        for row in table(publication, "figures")
        if row["本级"] == "否" and row["单位类型"] == "合计"
    }
    run = Assessment.objects.first().run
    for expected in region_totals(run_sums(run), regions_of_run(run)):
        line = lines[expected.code]
        assert Decimal(line["实际安排（人）"]) == heads(expected.credited_months)
        if line["应缴费额（元）"]:
            assert Decimal(line["应缴费额（元）"]) == expected.payable
    assert Decimal(lines[SHANXI]["应缴费额（元）"]) == run.payable_total


def test_rounding_the_sum_is_not_the_sum_of_rounded_rows(publication):
    """31 staff need 0.465 heads: two such counties are 0.93, not 0.47 + 0.47."""
    rows = table(publication, "figures")
    assert [
        r["应安排（人）"] for r in rows if r["行政区划代码"] in (YINGZE, PINGCHENG) and r["单位类型"] == "合计"
    ] == [
        "0.47",
        "0.47",
    ]
    both = total(figure for figure in publication.figures.all() if figure.region_code != XIAODIAN)
    assert heads(both.required_months) == Decimal("0.93")


def test_money_by_unit_type_is_never_in_the_file(publication):
    for row in table(publication, "figures"):
        if row["单位类型"] != "合计":
            assert (row["应缴费额（元）"], row["已缴费额（元）"]) == ("", "")


def test_no_amount_wage_or_person_is_in_any_file(publication):
    for name in CONTENTS:
        for kind in ("csv", "json"):
            text = content(publication, name, kind).decode()
            assert "15000.00" not in text
            assert "5000000" not in text
    keys = {column.key for column in CONTENTS["entries"]}
    assert not keys & {"payable", "average_wage", "total_wages", "staff", "person", "identity"}


@pytest.mark.parametrize("name", ["=1+1", "==1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "＝1+1", "＠x"])
def test_a_name_that_looks_like_a_formula_is_text_in_the_table(name):
    regions()
    risky = employer()
    Employer.objects.filter(pk=risky.pk).update(name=name)
    verified_year(risky)
    confirmed_run()
    assert table(draft(), "entries")[0]["单位名称"] == f"'{name}"


def test_names_with_commas_quotes_and_rare_characters_survive():
    regions()
    name = '清和"精密", 𠮷㐂·有限公司'
    verified_year(employer(name=name))
    confirmed_run()
    publication = draft()
    assert table(publication, "entries")[0]["单位名称"] == name
    assert json.loads(content(publication, "entries", "json"))["rows"][0]["name"] == name
