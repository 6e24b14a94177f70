"""Counts the certificate numbers that an employer types. A number is counted before its row is saved and stays counted
if the row is refused, removed or moved to another return."""

from django.conf import settings
from django.db import connection, transaction

from quota import names
from quota.errors import TooManyCertificates
from quota.models import DraftPlacement, Employer
from quota.queries.returns import day_in_china

KEPT_DAYS = 30

FORGET = "DELETE FROM quota_certificatetry WHERE day < %(today)s::date - %(kept)s"
NOTE = f"""
INSERT INTO quota_certificatetry (employer_id, day, person_key, certificate_key, is_unknown)
SELECT %(employer)s, %(today)s, %(person)s, %(number)s, NOT EXISTS (
    SELECT FROM quota_certificate c WHERE c.kind = %(kind)s AND c.number_key = %(number)s
      AND {names.folded("c.name")} = {names.folded("%(name)s")}
)
ON CONFLICT DO NOTHING
"""
COUNT = "SELECT count(*) FROM quota_certificatetry WHERE employer_id = %(employer)s AND day = %(today)s"


def count_certificate(*, employer: Employer, row: DraftPlacement) -> None:
    """Count the row's number for today, once per person. Raises TooManyCertificates.

    Call it outside a transaction: what fails later must not take the count back.
    """
    # Right and wrong numbers count alike: a limit of wrong ones would tell, by coming or not, which number is right.
    if _noted_today(employer, row) > settings.CERTIFICATES_A_DAY["stop"]:
        raise TooManyCertificates


@transaction.atomic
def _noted_today(employer: Employer, row: DraftPlacement) -> int:
    given = {
        "employer": employer.pk,
        "today": day_in_china(),
        "kept": KEPT_DAYS,
        "person": row.person_key,
        "kind": row.certificate_kind,
        "number": row.certificate_key,
        "name": row.name,
    }
    with connection.cursor() as cursor:
        cursor.execute(FORGET, given)
        cursor.execute(NOTE, given)
        cursor.execute(COUNT, given)
        return cursor.fetchone()[0]
