"""New look-up keys after the secret key of the hash was renewed, while others go on working.

A person's rows move together, so a claim, its certificate and its evidence always have one key. Whoever copies keys
from row to row takes `hold_keys`; a batch moves only while nobody does (docs/decisions/0013-keys-and-keeping.md).
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import pgtrigger
from django.db import OperationalError, connection, transaction
from django.db.models import Max, Min, Model
from psycopg.errors import DeadlockDetected, LockNotAvailable

from accounts.identity import decrypt, former_look_up_key, hash_key_name, is_renewing, look_up_key
from exchange.engine.contract import StagedRows
from quota.models import (
    Certificate,
    DispatchAgreement,
    DraftPlacement,
    InsuranceMonth,
    Placement,
    WagePayment,
)
from quota.models.returns import PlacementTerms

Result = TypeVar("Result")


class Holder(NamedTuple):
    """A column of look-up keys, and the column of the same row with the sealed number ("": the row has none)."""

    model: type[Model]
    key: str
    sealed: str = ""


EVIDENCE = (Holder(InsuranceMonth, "person_key"), Holder(WagePayment, "person_key"))
NAMED = (
    Holder(Certificate, "person_key", "identity_encrypted"),
    Holder(Placement, "person_key", "identity_encrypted"),
    Holder(DraftPlacement, "person_key", "identity_encrypted"),
    Holder(DispatchAgreement, "person_key", "identity_encrypted"),
)
PERSON_KEYS = (*NAMED, *EVIDENCE)
CERTIFICATE_KEYS = (
    Holder(Certificate, "number_key", "number_encrypted"),
    Holder(Placement, "certificate_key", "certificate_encrypted"),
    Holder(DraftPlacement, "certificate_key", "certificate_encrypted"),
)
# Copies of former values. Nothing joins them, so their keys need not move together with the others.
HISTORY = tuple(holder._replace(model=Certificate.pgh_event_model) for holder in (NAMED[0], CERTIFICATE_KEYS[0]))
# A person's certificate is the same as before: nothing for the history of changes.
NOT_A_CHANGE = "quota.Certificate:update_update"

# Placements have no index by certificate number, so each batch of numbers reads them all.
BATCH_SIZES = {PERSON_KEYS: 200, CERTIFICATE_KEYS: 5_000}
# Others queue behind a batch that waits for its lock, so it waits shortly and tries again.
PATIENCE, PAUSE = "200ms", 0.2

LOCK = "(hashtext('quota person keys'), 0)"

MOVE = """
UPDATE {table} t SET {key} = m.new FROM unnest(%(old)s::uuid[], %(new)s::uuid[]) AS m(old, new)
WHERE t.{key} = m.old AND {condition}
"""
# The same row under both keys: a process that still had only the former key has written it.
DROP_TWICE = """
DELETE FROM {table} t USING unnest(%(old)s::uuid[], %(new)s::uuid[]) AS m(old, new), {table} kept
WHERE t.{key} = m.old AND kept.{key} = m.new AND {same}
"""
HELD = "SELECT DISTINCT t.{key} FROM {table} t WHERE t.{key} = ANY(%(keys)s::uuid[]) AND {condition}"
NOTE = "INSERT INTO quota_renewedkey (key, made_with) SELECT {keys} ON CONFLICT DO NOTHING"
NOTE_STAGED = NOTE.format(keys="DISTINCT s.person_key, %(name)s FROM staged s")
NOTE_MOVED = NOTE.format(
    keys="""k, %(name)s FROM unnest(%(new)s::uuid[]) k
    WHERE EXISTS (SELECT FROM quota_insurancemonth i WHERE i.person_key = k)
       OR EXISTS (SELECT FROM quota_wagepayment w WHERE w.person_key = k)"""
)


def hold_keys() -> None:
    """Until the end of the transaction, let nobody's look-up key change. Take it before any row lock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared{LOCK}")


@contextmanager
def keys_held() -> Iterator[None]:
    """Let nobody's look-up key change during several transactions."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_lock_shared{LOCK}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_unlock_shared{LOCK}")


def present_key(number: str, holders: Collection[Holder]) -> UUID:
    """The key under which a number is stored, or is to be stored. The caller holds the keys."""
    former = former_look_up_key(number)
    return former if former and _held(holders, [former]) else look_up_key(number)


def moving_with(source: Holder) -> tuple[Holder, ...]:
    return PERSON_KEYS if source.key == "person_key" else CERTIFICATE_KEYS


def set_present_keys(row: PlacementTerms) -> None:
    """Correct the keys of a row that was read before the caller held the keys."""
    if is_renewing():
        row.person_key = present_key(decrypt(row.identity_encrypted), PERSON_KEYS)
        row.certificate_key = present_key(decrypt(row.certificate_encrypted), CERTIFICATE_KEYS)


def move_keys(holders: Collection[Holder], pairs: Mapping[UUID, UUID]) -> None:
    """Move all rows of these keys, in one transaction; waits until nobody holds the keys."""
    names = {"old": list(pairs), "new": list(pairs.values()), "name": hash_key_name()}
    statements = []
    for holder in holders:
        if holder in EVIDENCE:
            statements.append(statement_of(DROP_TWICE, holder))
        statements.append(statement_of(MOVE, holder))
    if holders == PERSON_KEYS:
        statements.append(NOTE_MOVED)

    def move(cursor: Any) -> None:
        names.update(_years())
        for statement in statements:  # composed, because pgtrigger adds a placeholder of its own
            cursor.execute(connection.ops.compose_sql(statement, names))

    with pgtrigger.ignore(NOT_A_CHANGE):
        in_turn(move)


def in_turn(work: Callable[[Any], Result]) -> Result:
    """Work in a transaction during which nobody holds the keys; begun again until it gets its locks."""
    while True:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                cursor.execute(f"SELECT pg_advisory_xact_lock{LOCK}")
                return work(cursor)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                raise
        time.sleep(PAUSE)


def _years() -> dict[str, list[int]]:
    """The years with placements: their index by person begins with the year."""
    found = Placement.objects.aggregate(first=Min("levy_year"), last=Max("levy_year"))
    return {"years": list(range(found["first"], found["last"] + 1)) if found["first"] else []}


def statement_of(template: str, holder: Holder) -> str:
    by_person = holder.model is Placement and holder.key == "person_key"
    same = [f"kept.{name} = t.{name}" for name in _pk_names(holder.model) if name != holder.key]
    return template.format(
        table=holder.model._meta.db_table,
        key=holder.key,
        condition="t.levy_year = ANY(%(years)s)" if by_person else "true",
        same=" AND ".join(same),
    )


def _pk_names(model: type[Model]) -> list[str]:
    return [field.column for field in model._meta.pk_fields]


def _held(holders: Collection[Holder], keys: Collection[UUID]) -> set[UUID]:
    """Those of the keys that are stored anywhere."""
    found: set[UUID] = set()
    with connection.cursor() as cursor:
        for holder in holders:
            cursor.execute(statement_of(HELD, holder), {"keys": list(keys), **_years()})
            found |= {key for (key,) in cursor.fetchall()}
    return found


def move_staged(staging: StagedRows) -> None:
    """Before a file is compared with what is stored: move its people and numbers to their present keys.

    So the rows of somebody whose number was not known move too, as soon as they are delivered again.
    """
    if not is_renewing():
        return
    for holder in (*PERSON_KEYS, *CERTIFICATE_KEYS):
        if holder.model is staging.kind.model:
            found = staging.rows(f"SELECT DISTINCT {holder.key}_before, {holder.key} FROM staged")
            _move_stored(moving_with(holder), found)
    if staging.kind.model in {holder.model for holder in EVIDENCE}:
        staging.run(NOTE_STAGED, {"name": hash_key_name()})


def _move_stored(holders: tuple[Holder, ...], found: Sequence[tuple[UUID, UUID]]) -> None:
    size = BATCH_SIZES[holders]
    for start in range(0, len(found), size):
        pairs = dict(found[start : start + size])
        if held := _held(holders, pairs):
            move_keys(holders, {former: pairs[former] for former in held})


def hold_staged(staging: StagedRows) -> None:
    """As `hold_keys`, for a file that is written."""
    hold_keys()
