"""Employers that typed many certificates today which the register does not have."""

from django.conf import settings
from django.db import connection

TRYING = """
SELECT e.uscc FROM quota_certificatetry t JOIN quota_employer e ON e.id = t.employer_id
WHERE t.day = (now() AT TIME ZONE 'Asia/Shanghai')::date AND t.is_unknown
GROUP BY e.uscc HAVING count(*) >= %s ORDER BY e.uscc
"""


def employers_that_try() -> list[str]:
    """The credit codes of employers above the number of unknown certificates that raises the alarm; one query."""
    with connection.cursor() as cursor:
        cursor.execute(TRYING, [settings.CERTIFICATES_A_DAY["alarm"]])
        return [uscc for (uscc,) in cursor.fetchall()]
