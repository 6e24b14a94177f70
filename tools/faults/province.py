"""The assessed province: the demo's units with their returns; one statement verifies the headcounts."""

from random import Random

from django.core.management import call_command
from django.db import connection, transaction

from demo import officers, units
from demo.bulk import Writer, set_aside
from demo.officers import person
from demo.parameters import store_parameters
from demo.places import places
from quota.models import Employer, HeadcountReturn

YEARS = units.LEVY_YEARS
STEADY_YEAR = units.CLOSED_YEARS[-1]  # closed for filing, so all its runs give the same result
BATCH = 20_000
COLUMNS = {
    Employer._meta.db_table: units.EMPLOYER_COLUMNS,
    HeadcountReturn._meta.db_table: units.RETURN_COLUMNS,
}

# Every fourth employer has people; the months depend only on its number, the year and its size.
VERIFY = """
INSERT INTO quota_verifiedheadcount (
    headcount_return_id, employer_id, levy_year, number, claimed_months, computed_months, credited_months, issued_at,
    first_by_id, second_by_id
)
SELECT id, employer_id, levy_year, 'RD-' || id, months, months, months, now(), %(first)s, %(second)s FROM (
    SELECT id, employer_id, levy_year,
           CASE WHEN (employer_id * 7 + levy_year) %% 4 = 0 THEN staff_months * (employer_id %% 5) / 200 ELSE 0 END
           AS months
    FROM quota_headcountreturn WHERE is_in_force
) counted
"""


def fill(*, employers: int, seed: int) -> None:
    """Write the province into an empty, migrated database. The same number and seed give the same rows."""
    call_command("load_regions", verbosity=0)
    with transaction.atomic():
        officers.appoint_people()
        store_parameters(entered_by=person("param1"), approved_by=person("param2"))
        _write_units(employers, seed)
        with connection.cursor() as cursor:
            cursor.execute(VERIFY, {"first": person("verifier1").pk, "second": person("verifier2").pk})
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('quota_employer', 'id'), max(id)) FROM quota_employer"
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _write_units(employers: int, seed: int) -> None:
    maker = units.Units(Random(f"{seed} units"), places())
    with set_aside(list(COLUMNS)), Writer(COLUMNS) as writer:
        for first in range(0, employers, BATCH):
            made = maker.batch(range(first, min(first + BATCH, employers)))
            writer.write(dict(zip(COLUMNS, (made.employers, made.returns), strict=True)))
