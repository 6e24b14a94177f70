"""The levy list over HTTP, beside PostgreSQL's own COPY of its rows and beside the XLSX writer alone."""

import csv
from collections import deque
from collections.abc import Iterator
from functools import partial
from tempfile import NamedTemporaryFile

import rustpy_xlsxwriter as xlsx
from django.urls import reverse

from accounts.models import Region
from collection.queries import lists
from demo.officers import person
from demo.places import PROVINCE
from tools.bench.annual_run import computed
from tools.bench.clients import fetch, session_of
from tools.bench.measure import Comparison, Cost, alternating, cost_of
from tools.bench.programs import web_server, workers
from tools.bench.province import LEVY_YEAR, Size
from tools.bench.report import Line, bounded, compared, seconds

TURNS = 2
FIRST_BYTE = 1


def lines(size: Size) -> Iterator[Line]:
    """Both formats of the province's list: CSV beside COPY, XLSX beside the writer."""
    levy_list = province_list()
    rows, _payable = levy_list.totals()
    with web_server() as port, NamedTemporaryFile(suffix=".csv") as cells:
        cells.writelines(lists.csv_chunks(levy_list))
        cells.flush()
        limits = {
            "csv": ("COPY TO STDOUT", partial(copy, levy_list), 1.3),
            "xlsx": ("rustpy-xlsxwriter alone", partial(write_alone, cells.name), 1.5),
        }
        download = Download(port)
        for file_format, (limit, alone, bar) in limits.items():
            ours, theirs = alternating(TURNS, partial(download.cost, file_format), alone)
            title = f"list of {rows:,} rows over HTTP as {file_format.upper()}"
            yield compared(title, Comparison(ours, theirs), limit=limit, bar=bar)
            first = download.first_byte
            yield bounded(f"{title}: first byte", first, FIRST_BYTE, seconds(first), " s")


class Download:
    """Downloads as the tax officer of the province; `first_byte` is the last download's, in seconds."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookie = session_of(person("tax"))
        self.first_byte = 0.0

    def cost(self, file_format: str) -> Cost:
        path = reverse("collection:list_download", args=[LEVY_YEAR, PROVINCE, file_format])

        def download() -> None:
            self.first_byte = fetch(self._port, path, cookie=self._cookie).first_byte

        return cost_of(download)


def province_list() -> lists.LevyList:
    """The list of the province's run, which is computed first if there is none."""
    region = Region.objects.get(pk=PROVINCE)
    try:
        return lists.levy_list(levy_year=LEVY_YEAR, region=region)
    except lists.NoRun:
        with workers("batch"):
            computed(region)
    return lists.levy_list(levy_year=LEVY_YEAR, region=region)


def copy(levy_list: lists.LevyList) -> Cost:
    """COPY the rows out of PostgreSQL and discard them."""
    return cost_of(lambda: deque(lists.csv_chunks(levy_list), maxlen=0))


def write_alone(path: str) -> Cost:
    """The writer's time for the same rows: the time with rows from a file, less the time to read that file."""
    reading = cost_of(lambda: deque(records(path), maxlen=0))
    with NamedTemporaryFile(suffix=".xlsx") as book:
        writing = cost_of(lambda: xlsx.write_worksheet(records(path), book, sheet_name="核定清单"))
    cpu = None if writing.cpu is None or reading.cpu is None else writing.cpu - reading.cpu
    return Cost(writing.wall - reading.wall, cpu)


def records(path: str) -> Iterator[dict[str, object]]:
    """The list's rows in the form that the writer takes: words as text, the rest as numbers."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        heads = next(reader)
        texts = [head in lists.TEXT_COLUMNS | lists.DATE_COLUMNS for head in heads]
        for row in reader:
            yield {
                head: cell if is_text else float(cell) if cell else None
                for head, is_text, cell in zip(heads, texts, row, strict=True)
            }
