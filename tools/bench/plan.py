"""The needs of a larger province: one annual run and its disk space, for `--plan --employers 5000000`."""

from collections.abc import Iterator

from django.db import connection

from accounts.models import Region
from demo.places import PROVINCE
from tools.bench.annual_run import computed
from tools.bench.measure import cost_of, peak_memory
from tools.bench.programs import workers
from tools.bench.province import Size
from tools.bench.report import GIB, MIB, Line, times

TABLES = ("quota_employer", "quota_headcountreturn", "quota_verifiedheadcount", "levy_assessment")


def lines(size: Size) -> Iterator[Line]:
    """The run of the whole province, and the size of each table with its indexes."""
    region = Region.objects.get(pk=PROVINCE)
    with workers("batch") as worker:
        cost = cost_of(lambda: computed(region))
        memory = peak_memory(worker) or 0
    each, cpu = (taken / size.employers * 1e6 for taken in (cost.wall, cost.cpu or 0))
    yield Line(
        f"annual run of {size.employers:,} employers", f"{times(cost)}: {each:.1f} µs each, {cpu:.1f} µs of CPU"
    )
    yield Line("a worker's memory", f"{memory / MIB:.0f} MiB")
    for table in TABLES:
        rows, room = _room(table)
        yield Line(table, f"{rows:,} rows, {room / GIB:.2f} GiB, {room / max(rows, 1):.0f} bytes each with indexes")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        yield Line("the whole database", f"{cursor.fetchone()[0] / GIB:.1f} GiB")


def _room(table: str) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), pg_total_relation_size('{table}') FROM {table}")
        return cursor.fetchone()
