"""Counts sign-in attempts exactly: PostgreSQL admits or refuses each one in a single statement, so a burst cannot slip
through.

An attempt is counted before the password is checked and given back if it was right. After the free attempts each
further one doubles the time to wait. A person who has signed in from a browser before is counted by that browser, so
strangers who try a name do not keep its owner out. An office shares an address and never leaves it quiet: one attempt
of an address is forgotten each hour, as many as the longest wait allows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.errors import TooManyAttempts
from accounts.models import Attempts, User

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)


# A row that still waits is not updated and not returned: refused. A free attempt leaves no wait at all, not even until
# its own time, because an attempt that read the clock slightly earlier may come after it. For an address, `last_at`
# advances by whole hours, so that frequent attempts do not delay the next one to be forgotten.
ADMIT = """
INSERT INTO accounts_attempts AS tried (key, person_id, count, last_at, waits_until)
VALUES (%(key)s, %(person)s, 1, %(now)s, CASE WHEN %(free)s > 1 THEN %(forgotten)s ELSE %(now)s + %(first)s END)
ON CONFLICT (key) DO UPDATE SET (count, last_at, waits_until) = (
    SELECT fresh.count, fresh.last_at, CASE
        WHEN fresh.count < %(free)s THEN %(forgotten)s
        ELSE %(now)s + least(%(longest)s, %(first)s * power(2, least(fresh.count - %(free)s, 20)))
    END
    FROM (
        SELECT
            CASE WHEN tried.last_at < %(forgotten)s THEN 1 ELSE greatest(tried.count - passed.waits, 0) + 1 END,
            CASE WHEN %(shared)s AND tried.count > passed.waits
                 THEN tried.last_at + passed.waits * %(longest)s ELSE %(now)s END
        FROM (
            SELECT CASE WHEN %(shared)s AND tried.last_at < %(now)s
                        THEN floor(extract(epoch FROM %(now)s - tried.last_at) / extract(epoch FROM %(longest)s))::int
                        ELSE 0 END
        ) AS passed(waits)
    ) AS fresh(count, last_at)
)
WHERE tried.waits_until <= %(now)s
RETURNING count
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """A name, device, person or address whose attempts are counted, with its number of free ones.

    `is_shared`: a right attempt takes back only itself, and one attempt is forgotten each hour. `person_id` is set if
    the person is known.
    """

    what: str
    free: int
    is_shared: bool = False
    person_id: int | None = None

    @property
    def key(self) -> str:
        """A hash, because people type passwords into the wrong field and the database must not store them."""
        return salted_hmac("accounts.attempts", self.what, algorithm="sha256").hexdigest()


def by_name(username: str) -> Counted:
    return Counted(f"name:{username}", free=5)


def by_device(device: str, username: str) -> Counted:
    """One person at one browser; the browser keeps its name when another person uses it."""
    return Counted(f"device:{device}:{username}", free=5)


def by_address(address: str) -> Counted:
    """A whole office may share one."""
    return Counted(f"address:{address}", free=50, is_shared=True)


def by_second_factor(person_id: int) -> Counted:
    return Counted(f"second:{person_id}", free=5, person_id=person_id)


def by_repeated_password(person_id: int) -> Counted:
    """The own password, asked again inside a session, so that a person who finds an open session cannot guess it."""
    return Counted(f"repeated:{person_id}", free=5, person_id=person_id)


def of_person(person_id: int, username: str) -> list[Counted]:
    """The passwords counted for one person, which an administrator may forgive; devices are free again after an hour.

    Codes of the second factor are not among them: one administrator would undo the limit of guesses.
    """
    return [by_name(username), by_repeated_password(person_id)]


def admit(counted: Iterable[Counted]) -> int:
    """Count one attempt for each. Returns the number of attempts if none is free any more, else 0. Raises
    TooManyAttempts."""
    tried = [(_admit(one), one.free) for one in counted]
    return max((number for number, free in tried if number >= free), default=0)


def _admit(counted: Counted) -> int:
    now = timezone.now()
    values = {
        "key": counted.key,
        "person": counted.person_id,
        "free": counted.free,
        "shared": counted.is_shared,
        "now": now,
        "first": FIRST_WAIT,
        "longest": LONGEST_WAIT,
        "forgotten": now - FORGOTTEN_AFTER,
    }
    with connection.cursor() as cursor:
        cursor.execute(ADMIT, values)
        row = cursor.fetchone()
    if row is None:
        until = Attempts.objects.values_list("waits_until", flat=True).filter(pk=counted.key).first() or now
        raise TooManyAttempts(max(1, round((until - now).total_seconds())))
    return row[0]


def tell_whose(person: User) -> None:
    """Note that the attempts counted for this name are the person's."""
    Attempts.objects.filter(pk=by_name(person.username).key).update(person=person)


def locked() -> QuerySet[Attempts]:
    """Ids of the people who must wait. Reads only the rows of those, not all accounts."""
    waiting = Attempts.objects.filter(waits_until__gt=timezone.now(), person__isnull=False)
    return waiting.values("person")


def forgive(counted: Iterable[Counted]) -> None:
    """After a right attempt forget the earlier ones too, but of a shared address only this one."""
    for one in counted:
        tried = Attempts.objects.filter(pk=one.key)
        if one.is_shared:
            tried.update(count=Greatest(F("count") - 1, 0), waits_until=timezone.now())
        else:
            tried.delete()


def forget_old() -> int:
    """Remove rows that no longer count. Returns their number."""
    return Attempts.objects.filter(last_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()[0]
