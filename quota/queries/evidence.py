"""The hand that a person had in a return: who loaded its evidence or issued its sign-in code does not verify it.

Batches and the desk ask the conditions here, one per kind of file. A single step and its page ask
quota.queries.origins, which reads the same rows for one return; tests/quota/test_hands.py holds both to each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import User
from accounts.permissions import Permission
from accounts.sign_in.passwords import ISSUED
from audit.workflow import Transition, allowed
from exchange.models import FileState
from quota.enums import ReturnState
from quota.models import HeadcountReturn
from quota.queries.origins import CODE, Origins
from quota.workflow import REVIEW, VERIFY

OF_A_PERSON = """EXISTS (
    SELECT FROM quota_placement p WHERE p.employer_id = r.employer_id AND p.levy_year = r.levy_year AND ({rows})
)"""
MONTH_OF_YEAR = "i.month BETWEEN make_date(p.levy_year, 1, 1) AND make_date(p.levy_year, 12, 31)"
# For each kind of file: a row of it, about the return r or a person p claimed in it, came from one of the files. Every
# employer's rows of the person count as evidence: a rival claim decides on months too.
LOADED = {
    "returns": "r.file_id = ANY(%(returns)s)",
    "placements": OF_A_PERSON.format(
        rows="""EXISTS (
        SELECT FROM quota_placement i
        WHERE i.levy_year = p.levy_year AND i.person_key = p.person_key AND i.file_id = ANY(%(placements)s)
    )"""
    ),
    "certificates": OF_A_PERSON.format(
        rows="""EXISTS (
        SELECT FROM quota_certificate i WHERE i.person_key = p.person_key AND i.file_id = ANY(%(certificates)s)
    ) OR EXISTS (
        SELECT FROM quota_certificate i
        WHERE i.kind = p.certificate_kind AND i.number_key = p.certificate_key AND i.file_id = ANY(%(certificates)s)
    )"""
    ),
    "insurance": OF_A_PERSON.format(
        rows=f"""EXISTS (
        SELECT FROM quota_insurancemonth i
        WHERE i.person_key = p.person_key AND {MONTH_OF_YEAR} AND i.file_id = ANY(%(insurance)s)
    )"""
    ),
    "wages": OF_A_PERSON.format(
        rows=f"""EXISTS (
        SELECT FROM quota_wagepayment i
        WHERE i.person_key = p.person_key AND {MONTH_OF_YEAR} AND i.file_id = ANY(%(wages)s)
    )"""
    ),
    "dispatch_agreements": OF_A_PERSON.format(
        rows="""EXISTS (
        SELECT FROM quota_dispatchagreement i
        WHERE i.person_key = p.person_key AND i.file_id = ANY(%(dispatch_agreements)s)
    )"""
    ),
}
# The person issued the last code before the filing to the account that filed: whoever chose the password with it.
FILED_WITH_CODE = """EXISTS (
    SELECT FROM unnest(%(accounts)s::bigint[], %(issued)s::timestamptz[]) AS c(account, at)
    WHERE c.account = r.submitted_by_id AND c.at <= r.submitted_at AND NOT EXISTS (
        SELECT FROM audit_auditentry n
        WHERE n.object_type = %(account_type)s AND n.object_id = c.account::text AND n.action = %(code)s
          AND n.at > c.at AND n.at <= r.submitted_at
    )
)"""

# Files without a region came by the command line. The SQL knows CODE as 'code'.
HANDS = """
SELECT f.kind, f.id, NULL::timestamptz FROM exchange_importedfile f
WHERE (f.loaded_by_id = ANY(%(people)s) OR f.applied_by_id = ANY(%(people)s))
  AND f.region_id IS NOT NULL AND f.state = %(written)s AND f.kind = ANY(%(kinds)s)
UNION ALL
SELECT 'code', a.object_id::bigint, a.at FROM audit_auditentry a
WHERE a.actor_id = ANY(%(people)s) AND a.action = %(issued)s AND a.object_type = %(account)s
ORDER BY 1, 2, 3
"""
WAITING = """
SELECT r.id FROM quota_headcountreturn r JOIN quota_employer e ON e.id = r.employer_id
WHERE e.region_id ^@ ANY(%(prefixes)s::text[]) AND r.is_in_force AND r.state = ANY(%(states)s) AND ({barred})
"""


@dataclass(frozen=True, slots=True)
class Hands:
    """The uploads of some people by kind of file, and the sign-in codes that they issued, as (account, time)."""

    files: Mapping[str, list[int]] = field(default_factory=dict)
    codes: list[tuple[int, datetime]] = field(default_factory=list)

    @property
    def conditions(self) -> dict[str, str]:
        """For each kind of hand that these people have: the SQL condition on a return r, with the values `names`."""
        codes = {CODE: FILED_WITH_CODE} if self.codes else {}
        return {kind: LOADED[kind] for kind in LOADED if kind in self.files} | codes

    @property
    def barred(self) -> str:
        """SQL condition on a return r: these people take no step of it."""
        return " OR ".join(self.conditions.values()) or "false"

    @property
    def names(self) -> dict[str, Any]:
        issued = [list(part) for part in zip(*self.codes, strict=True)] or [[], []]
        types = {"account_type": User._meta.label_lower, "code": ISSUED}
        return {**self.files, "accounts": issued[0], "issued": issued[1], **types}


def hands_of(people: Iterable[User]) -> Hands:
    """Find what these people loaded through the pages, and the codes that they issued; one query.

    Files of the command line are the operator's and bar nobody.
    """
    names = {
        "people": [person.pk for person in people],
        "kinds": list(LOADED),
        "written": FileState.APPLIED.value,
        "issued": ISSUED,
        "account": User._meta.label_lower,
    }
    files: dict[str, list[int]] = {}
    codes: list[tuple[int, datetime]] = []
    with connection.cursor() as cursor:
        cursor.execute(HANDS, names)
        for kind, number, at in cursor.fetchall():
            if kind == CODE:
                codes.append((number, at))
            else:
                files.setdefault(kind, []).append(number)
    return Hands(files, codes)


def open_steps(
    filed: HeadcountReturn, steps: Iterable[Transition], person: User, origins: Origins
) -> tuple[list[Transition], str]:
    """The steps that this person may take now, and why a review is not among them, "" if nothing bars the person."""
    offered = allowed(filed, steps, actor=person, region_code=filed.employer.region_id)
    bar = origins.bar(person) if REVIEW in offered or VERIFY in offered else ""
    return [step for step in offered if not bar or step not in (REVIEW, VERIFY)], bar


def barred_returns(person: User) -> list[int]:
    """The returns before a review, in the person's regions, that this person may not verify; two queries, one without
    any hand in them."""
    hands = hands_of([person])
    if not hands.conditions:
        return []
    states = [ReturnState.CHECKED.value, ReturnState.REVIEWED.value]
    with connection.cursor() as cursor:
        names = {"states": states, "prefixes": person.prefixes(Permission.VERIFY_RETURN)}
        cursor.execute(WAITING.format(barred=hands.barred), hands.names | names)
        return [pk for (pk,) in cursor.fetchall()]
