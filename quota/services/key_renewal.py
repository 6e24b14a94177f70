"""Renewing the secret key of the look-up hash: everybody moves to new keys, and what cannot move is counted.

`manage.py renew_keys` works through it; it may be stopped anywhere and begun again.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model, QuerySet

from accounts.identity import decrypt, hash_key_name, is_renewing, look_up_key
from accounts.models import User
from audit.services import record
from quota.models import RenewedKey, VerifiedHeadcount
from quota.queries.verification import numbered_seed
from quota.services.person_keys import (
    BATCH_SIZES,
    CERTIFICATE_KEYS,
    EVIDENCE,
    HISTORY,
    MOVE,
    NAMED,
    Holder,
    in_turn,
    move_keys,
    moving_with,
    statement_of,
)

ERASED_TOGETHER = 5_000
CODES_TOGETHER = 1_000

LEFT = """
NOT EXISTS (SELECT FROM quota_renewedkey k WHERE k.key = t.person_key AND k.made_with = %(name)s)
"""
COUNT_LEFT = f"SELECT count(*), count(DISTINCT t.person_key) FROM {{table}} t WHERE {LEFT}"
ERASE_LEFT = f"""
DELETE FROM {{table}} WHERE ctid = ANY(ARRAY(
    SELECT t.ctid FROM {{table}} t WHERE {LEFT} AND {{unnamed}} LIMIT {ERASED_TOGETHER}
))
"""
UNNAMED = "NOT EXISTS (SELECT FROM {table} n WHERE n.person_key = t.person_key)"


def renew_look_up_keys() -> Iterator[int]:
    """Move everybody whose number some row tells to the key under the present secret, until nobody is left; yields
    the number of keys of each batch once it is committed. May be stopped anywhere and begun again."""
    moved = True
    while moved:  # a row that somebody wrote meanwhile may still have a former key
        moved = False
        for size in chain.from_iterable(map(_renew, (*CERTIFICATE_KEYS, *NAMED, *HISTORY))):
            moved = True
            yield size


def forget_notes() -> None:
    """Remove the notes of earlier renewals."""
    RenewedKey.objects.exclude(made_with=hash_key_name()).delete()


def _renew(source: Holder) -> Iterator[int]:
    """Move everybody whom one table names."""
    for pairs in _outdated(source):
        move_keys(moving_with(source), pairs)
        if source in HISTORY:
            with connection.cursor() as cursor:
                cursor.execute(statement_of(MOVE, source), {"old": list(pairs), "new": list(pairs.values())})
        yield len(pairs)


def _outdated(holder: Holder) -> Iterator[dict[UUID, UUID]]:
    """Former and present keys of a table's rows, batch by batch."""
    after, size = 0, BATCH_SIZES[moving_with(holder)]
    while rows := list(_rows(holder, after)[:size]):
        after = rows[-1][0]
        present = ((key, look_up_key(decrypt(sealed))) for _pk, key, sealed in rows)
        if pairs := {former: new for former, new in present if former != new}:
            yield pairs


def _rows(holder: Holder, after: int) -> QuerySet:
    rows = holder.model._base_manager.filter(pk__gt=after).order_by("pk")
    return rows.values_list("pk", holder.key, holder.sealed)


def keep_printed_codes() -> Iterator[int]:
    """Keep the seeds of codes that are on paper already, before the key that made them is struck out."""
    without = VerifiedHeadcount.objects.filter(code_seed=None).order_by("pk").only("number")
    while batch := list(without[:CODES_TOGETHER]):
        for headcount in batch:
            headcount.code_seed = numbered_seed(headcount.number)
        VerifiedHeadcount.objects.bulk_update(batch, ["code_seed"])
        yield len(batch)


class LeftOver(NamedTuple):
    """Rows of one table, and their people, that still have keys under the former secret."""

    model: type[Model]
    rows: int
    people: int


def left_over() -> list[LeftOver]:
    """The evidence of people whose number nothing in the database tells. Nothing finds it once the former secret is
    struck out. Only while both are listed: otherwise nothing is known about it."""
    found = []
    with connection.cursor() as cursor:
        for holder in EVIDENCE if is_renewing() else ():
            cursor.execute(statement_of(COUNT_LEFT, holder), {"name": hash_key_name()})
            found.append(LeftOver(holder.model, *cursor.fetchone()))
    return found


@transaction.atomic
def announce_erasure(*, actor: User) -> None:
    """Note in the trail who erases how much of what is left over, before it begins."""
    counts = {left.model._meta.label_lower: {"rows": left.rows, "people": left.people} for left in left_over()}
    record(actor=actor, action="quota.renewedkey.erase_left_over", target=actor, details=counts)


def erase_left_over() -> Iterator[int]:
    """Erase what `left_over` counts; yields the number of rows of each batch once it is committed.

    Somebody who was named meanwhile keeps the rows.
    """
    unnamed = " AND ".join(UNNAMED.format(table=named.model._meta.db_table) for named in NAMED)
    for holder in EVIDENCE if is_renewing() else ():
        statement = ERASE_LEFT.format(table=holder.model._meta.db_table, unnamed=unnamed)
        while erased := in_turn(partial(_rows_of, statement)):
            yield erased


def _rows_of(statement: str, cursor: Any) -> int:
    cursor.execute(statement, {"name": hash_key_name()})
    return int(cursor.rowcount)
