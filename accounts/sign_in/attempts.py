"""Counting tries, exactly: PostgreSQL admits or refuses each one in a single statement, so a burst slips nothing by.

A try is counted before the password is looked at and given back when it was right. After the free tries each further
one doubles the time to wait. Whoever has signed in from a browser before is counted by that browser, so strangers who
try a name do not keep its owner out. An address is never quiet while an office works behind it: of its tries one is
forgotten each hour, as many as could be made while the longest wait lasts.
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


# A row that still waits is not updated, and so not returned: refused. A free try leaves no wait at all, not even until
# its own moment: one that read the clock a little earlier may come after it. What an address has left of an hour stays
# on its clock (`last_at`), so that frequent tries do not put off the next one to be forgotten.
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
    """What a try is counted against, and how many are free. `is_shared`: one right try forgives itself only, and one
    try is forgotten each hour. `person_id` where it is known whose try it is."""

    what: str
    free: int
    is_shared: bool = False
    person_id: int | None = None

    @property
    def key(self) -> str:
        """A hash: a password typed into the wrong box must not lie in the database."""
        return salted_hmac("accounts.attempts", self.what, algorithm="sha256").hexdigest()


def by_name(username: str) -> Counted:
    return Counted(f"name:{username}", free=5)


def by_device(device: str) -> Counted:
    return Counted(f"device:{device}", free=5)


def by_address(address: str) -> Counted:
    """A whole office may share one."""
    return Counted(f"address:{address}", free=50, is_shared=True)


def by_second_factor(person_id: int) -> Counted:
    return Counted(f"second:{person_id}", free=5, person_id=person_id)


def by_repeated_password(person_id: int) -> Counted:
    """The own password, asked again inside a session: whoever finds one open does not get to guess."""
    return Counted(f"repeated:{person_id}", free=5, person_id=person_id)


def of_person(person_id: int, username: str) -> list[Counted]:
    """Everything that is counted against one person, but for devices: those free themselves in an hour."""
    return [by_name(username), by_second_factor(person_id), by_repeated_password(person_id)]


def admit(counted: Iterable[Counted]) -> bool:
    """Count one try against each; whether it was the last free one of any. Raises TooManyAttempts."""
    return any([_admit(one) >= one.free for one in counted])


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
    """The tries counted against this name are the person's."""
    Attempts.objects.filter(pk=by_name(person.username).key).update(person=person)


def locked() -> QuerySet[Attempts]:
    """Ids of the people who must wait before they may try again: as few as those who ran out of tries, however many
    accounts there are."""
    waiting = Attempts.objects.filter(waits_until__gt=timezone.now(), person__isnull=False)
    return waiting.values("person")


def forgive(counted: Iterable[Counted]) -> None:
    """The try was right: forget those before it, but of a shared address only this one."""
    for one in counted:
        tried = Attempts.objects.filter(pk=one.key)
        if one.is_shared:
            tried.update(count=Greatest(F("count") - 1, 0), waits_until=timezone.now())
        else:
            tried.delete()


def forget_old() -> int:
    """Remove what no longer counts; how many rows."""
    return Attempts.objects.filter(last_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()[0]
