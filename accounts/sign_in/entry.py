"""From a name and a password to a session."""

import time

from django.contrib.auth import authenticate, login
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.frame.addresses import client_address, counted_address
from accounts.models import User
from accounts.services.locks import lock_account
from accounts.services.trail import record_of_person
from accounts.sign_in import attempts, second_factor
from accounts.sign_in.devices import known_device
from accounts.sign_in.session_store import ADDRESS, BROWSER, SECOND_FACTOR, SEEN, STARTED

BACKEND = "django.contrib.auth.backends.ModelBackend"


def password_holder(request: HttpRequest, *, username: str, password: str) -> User | None:
    """The person with this name and password, or None after the same time.

    Raises TooManyAttempts before it looks anything up.
    """
    device = known_device(request, username)
    counted = [attempts.by_address(counted_address(request)), attempts.by_name(username)]
    if device:
        counted = [attempts.by_device(device, username)]
    tries = attempts.admit(counted)
    person = authenticate(username=username, password=password)
    if person is None or not _is_still_valid(person):
        if tries:
            _record_lock(username, client_address(request), tries)
        return None
    attempts.forgive(counted)
    return person


def _is_still_valid(person: User) -> bool:
    return person.password_issued_until is None or person.password_issued_until > timezone.now()


def repeats_password(request: HttpRequest, person: User, given: str) -> bool:
    """True if the signed-in person repeats the own password. Raises TooManyAttempts."""
    counted = [attempts.by_repeated_password(person.pk)]
    tries = attempts.admit(counted)
    if not person.check_password(given):
        if tries:
            _record_lock(person.username, client_address(request), tries)
        return False
    attempts.forgive(counted)
    return True


def shows_second_factor(request: HttpRequest, person: User, code: str) -> bool:
    """True for a right code; a wrong one is recorded, whatever the limit. Raises TooManyAttempts."""
    counted = [attempts.by_second_factor(person.pk)]
    attempts.admit(counted)
    if second_factor.is_right(person=person, code=code):
        attempts.forgive(counted)
        return True
    with transaction.atomic():
        record_of_person(action="accounts.user.wrong_code", person=person, actor=None, address=client_address(request))
    return False


def _record_lock(username: str, address: str, tries: int) -> None:
    person = User.objects.filter(username=username).first()
    if person is not None:
        with transaction.atomic():
            lock_account(person)
            attempts.tell_whose(person)
            details = {"address": address, "tries": tries}
            record_of_person(action="accounts.user.lock", person=person, actor=None, **details)


@transaction.atomic
def start_session(request: HttpRequest, *, person: User, with_second_factor: bool) -> None:
    """Sign the person in, under a new session id."""
    address = client_address(request)
    login(request, person, backend=BACKEND)
    now = int(time.time())
    request.session.update(
        {
            STARTED: now,
            SEEN: now,
            SECOND_FACTOR: with_second_factor,
            ADDRESS: address,
            BROWSER: request.headers.get("User-Agent", "")[:200],
        }
    )
    record_of_person(
        action="accounts.user.sign_in",
        person=person,
        actor=person,
        second_factor=with_second_factor,
        address=address,
    )
