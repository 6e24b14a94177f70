"""The hand that a person had in a return: who loaded its evidence or issued its sign-in code does not verify it.

One condition per kind of file, written once: a single step, a batch and the desk all ask it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.sign_in.passwords import ISSUED
from audit.models import AuditEntry
from audit.workflow import Transition, allowed
from exchange.kinds import KINDS
from exchange.models import FileState, ImportedFile
from quota.enums import ReturnState
from quota.models import HeadcountReturn
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
# The person issued a code to the account that filed the return, in the filing year and before the return was filed.
CODE = "code"
FILED_WITH_CODE = """EXISTS (
    SELECT FROM unnest(%(accounts)s::bigint[], %(issued)s::timestamptz[]) AS c(account, at)
    WHERE c.account = r.submitted_by_id AND c.at <= r.submitted_at
      AND extract(year FROM c.at AT TIME ZONE 'Asia/Shanghai') > r.levy_year
)"""

HELD = "SELECT {conditions} FROM quota_headcountreturn r WHERE r.id = %(pk)s"
WAITING = """
SELECT r.id FROM quota_headcountreturn r
WHERE r.is_in_force AND r.state = ANY(%(states)s) AND ({barred})
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
        return {**self.files, "accounts": issued[0], "issued": issued[1]}


def hands_of(people: Iterable[User]) -> Hands:
    """What these people loaded through the pages, and the codes that they issued to employers; two queries.

    Files of the command line are the operator's and bar nobody.
    """
    keys = [person.pk for person in people]
    files: dict[str, list[int]] = {}
    uploads = ImportedFile.objects.filter(
        Q(loaded_by__in=keys) | Q(applied_by__in=keys), state=FileState.APPLIED, kind__in=LOADED, region__isnull=False
    )
    for kind, pk in uploads.order_by("pk").values_list("kind", "pk"):
        files.setdefault(kind, []).append(pk)
    issued = AuditEntry.objects.filter(actor__in=keys, action=ISSUED, object_type=User._meta.label_lower)
    codes = [(int(account), at) for account, at in issued.order_by("pk").values_list("object_id", "at")]
    return Hands(files, codes)


def bar_of(filed: HeadcountReturn, person: User) -> str:
    """The reason why this person takes no step in verifying the return, "" without one."""
    hands = hands_of([person])
    conditions = hands.conditions
    if not conditions:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(HELD.format(conditions=", ".join(conditions.values())), hands.names | {"pk": filed.pk})
        held = cursor.fetchone()
    kinds = [kind for kind, is_held in zip(conditions, held, strict=True) if is_held]
    return _reason(kinds)


def open_steps(filed: HeadcountReturn, steps: Iterable[Transition], person: User) -> tuple[list[Transition], str]:
    """The steps that this person may take now, and why a review is not among them, "" if nothing bars the person."""
    offered = allowed(filed, steps, actor=person, region_code=filed.employer.region_id)
    if REVIEW not in offered and VERIFY not in offered:
        return offered, ""
    bar = bar_of(filed, person)
    return [step for step in offered if not bar or step not in (REVIEW, VERIFY)], bar


def _reason(kinds: list[str]) -> str:
    loaded = [str(KINDS[kind].label) for kind in kinds if kind != CODE]
    if loaded:
        words = _("本户或其残疾职工的%(what)s由您导入，审核须由他人办理。")
        return words % {"what": _("、").join(loaded)}
    return _("本户申报所用的登录码由您签发，审核须由他人办理。") if kinds else ""


def barred_returns(person: User) -> list[int]:
    """The returns before a review that this person may not verify; three queries, two without any hand in them."""
    hands = hands_of([person])
    if not hands.conditions:
        return []
    states = [ReturnState.CHECKED.value, ReturnState.REVIEWED.value]
    with connection.cursor() as cursor:
        cursor.execute(WAITING.format(barred=hands.barred), hands.names | {"states": states})
        return [pk for (pk,) in cursor.fetchall()]
