"""All employers of the demo with their returns and their people, in one transaction."""

from collections.abc import Callable
from random import Random

from django.core.management.color import no_style
from django.db import connection, transaction

from demo import people, units
from demo.bulk import Writer, set_aside
from demo.places import places
from quota.models import (
    Certificate,
    DispatchAgreement,
    Employer,
    HeadcountReturn,
    InsuranceMonth,
    Placement,
    WagePayment,
)

BATCH = 20_000

COLUMNS = {
    Employer._meta.db_table: units.EMPLOYER_COLUMNS,
    HeadcountReturn._meta.db_table: units.RETURN_COLUMNS,
    Certificate._meta.db_table: people.CERTIFICATE_COLUMNS,
    Placement._meta.db_table: people.PLACEMENT_COLUMNS,
    InsuranceMonth._meta.db_table: people.INSURANCE_COLUMNS,
    WagePayment._meta.db_table: people.WAGE_COLUMNS,
    DispatchAgreement._meta.db_table: people.AGREEMENT_COLUMNS,
}


@transaction.atomic
def write_province(*, employers: int, seed: int, on_progress: Callable[[int], None]) -> None:
    """Write the whole province, or nothing. The same number and seed give the same rows."""
    makers = units.Units(Random(f"{seed} units"), places()), people.People(Random(f"{seed} people"), employers)
    with set_aside(list(COLUMNS)), Writer(COLUMNS) as writer:
        for first in range(0, employers, BATCH):
            last = min(first + BATCH, employers)
            writer.write(_lines(*makers, range(first, last)))
            on_progress(last)
    _advance_ids()


def _lines(unit_maker: units.Units, people_maker: people.People, serials: range) -> dict[str, list[str]]:
    made = unit_maker.batch(serials)
    staff = people_maker.batch(made.units)
    lines = (
        made.employers,
        made.returns,
        staff.certificates,
        staff.placements,
        staff.insurance,
        staff.wages,
        staff.agreements,
    )
    return dict(zip(COLUMNS, lines, strict=True))


def _advance_ids() -> None:
    """The employers came with their ids: the next one of the system must not collide."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Employer]):
            cursor.execute(statement)
