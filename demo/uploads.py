"""Uploaded files, read but not written: two with faults wait for the sender, one for a second administrator."""

import csv
import io
from collections.abc import Iterable, Iterator

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from accounts.identity import decrypt
from accounts.models import User
from demo.officers import person
from demo.places import PROVINCE
from demo.units import CLOSED_YEARS, OPEN_YEAR
from exchange.kinds import KINDS
from exchange.services.uploads import read_file, receive_file
from levy.models import Assessment
from quota.models import Placement

ROWS = 24
SPOILT = "1.40199E+17"  # what a spreadsheet makes of an identity number
Row = list[str]


@transaction.atomic
def upload_files() -> None:
    """The social insurance agency's December and a day of the treasury, each with a few faulty rows; a new number."""
    _upload("insurance", f"社会保险缴纳{OPEN_YEAR}年12月.csv", _insurance(), person("service1"))
    _upload("payments", "入库缴费2025年12月31日.csv", _payments(), person("tax"))
    _upload("parameters", f"社会平均工资{OPEN_YEAR + 1}年度.csv", _parameters(), person("param1"))


def _insurance() -> Iterator[Row]:
    placements = Placement.objects.filter(levy_year=OPEN_YEAR).select_related("employer").order_by("pk")[:ROWS]
    for number, placement in enumerate(placements):
        identity = decrypt(placement.identity_encrypted)
        yield [
            placement.employer.uscc,
            SPOILT if number == 4 else identity,
            f"{OPEN_YEAR}-13" if number == 9 else f"{OPEN_YEAR}-12",
            "1",
            "1",
            "是" if number == 13 else "1",
            "1",
        ]


def _payments() -> Iterator[Row]:
    unpaid = Assessment.objects.current().filter(levy_year=CLOSED_YEARS[-1], payable__gt=0).select_related("employer")
    for number, assessment in enumerate(unpaid.order_by("employer_id")[:ROWS]):
        yield [
            f"3149990000{number - (number == 6):08}",  # one number twice
            assessment.employer.uscc[:17] if number == 11 else assessment.employer.uscc,
            str(assessment.levy_year),
            "壹万元" if number == 3 else f"{assessment.payable}",
            "2025-12-31",
            "县区级",
        ]


def _parameters() -> Iterator[Row]:
    year = OPEN_YEAR + 1
    yield [PROVINCE, "社会平均工资", "87660.00", f"{year}-01-01", f"{year}-12-31", "晋统〔示例〕6号"]


def _upload(kind_name: str, name: str, rows: Iterable[Row], actor: User) -> None:
    kind = KINDS[kind_name]
    text = io.StringIO()
    csv.writer(text).writerows([kind.headings, *rows])
    upload = SimpleUploadedFile(name, text.getvalue().encode())
    read_file(file=receive_file(kind=kind, upload=upload, actor=actor))
