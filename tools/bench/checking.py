"""Checks claimed person-months against register, insurance, wages and each other, beside one pass of the joins."""

from collections.abc import Iterator

from django.db import connection

from accounts.models import region_prefix
from quota.queries.claims import CLAIMS, FIRST_KEY, LAST_KEY, ClaimScope
from quota.services.checks import run_checks
from tools.bench.measure import Comparison, Cost, alternating, cost_of
from tools.bench.province import LEVY_YEAR, TENTH, Size
from tools.bench.report import Line, compared
from tools.roles import as_owner

TURNS = 2


def lines(size: Size) -> Iterator[Line]:
    """The first check of the claims, which stores a row for each, and the second, which finds nothing new."""
    first, again, joins = alternating(TURNS, _first, _again, _joins)
    title = f"check of {size.person_months:,} person-months (verify)"
    limit = "one pass of the same joins"
    yield compared(title, Comparison(first, joins), limit=limit, bar=2.0)
    yield compared(f"{title}, again", Comparison(again, joins), limit=limit, bar=2.0)


def _first() -> Cost:
    forget()
    return cost_of(check)


def _again() -> Cost:
    return cost_of(check)


def check() -> None:
    run_checks(levy_year=LEVY_YEAR, region_code=TENTH)


def _joins() -> Cost:
    return cost_of(joined_rows)


def joined_rows() -> int:
    """Gather the evidence of every claim in one statement, a person's claims together. Returns their number."""
    scope = ClaimScope.of_region(LEVY_YEAR, TENTH)
    names = scope.names(first=FIRST_KEY, last=LAST_KEY)
    with connection.cursor() as cursor, cursor.copy(scope.statement(CLAIMS), names) as copy:
        return sum(bytes(chunk).count(b"\n") for chunk in copy)


def forget() -> None:
    """Delete all results of checks."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM quota_placementcheck")
        cursor.execute(
            "UPDATE quota_headcountreturn r SET state = 'submitted', checked_at = NULL, claimed_months = 0,"
            " computed_months = 0, has_findings = false"
            " FROM quota_employer e WHERE e.id = r.employer_id AND e.region_id LIKE %s AND r.levy_year = %s",
            [f"{region_prefix(TENTH)}%", LEVY_YEAR],
        )
        cursor.execute("VACUUM (ANALYZE) quota_placementcheck, quota_headcountreturn")
