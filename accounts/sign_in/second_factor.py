"""The second factor: setting it up, checking a code once, recovery codes."""

import time

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from accounts.errors import AlreadySetUp
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.sealing import seal, unseal
from accounts.services.locks import lock_account
from accounts.services.trail import record_of_person
from accounts.sign_in import totp
from design import document_codes as codes

PURPOSE = b"levy second factor"
RECOVERY_CODES = 10


def needs_second_factor(person: User) -> bool:
    """True for officers, and superusers without a post, where the installation requires it; for employers' accounts
    where it requires that too. Any other account may set one up."""
    if person.is_officer or person.is_superuser:
        return settings.SECOND_FACTOR_REQUIRED
    return settings.SECOND_FACTOR_FOR_EMPLOYERS


def has_second_factor(person: User) -> bool:
    return SecondFactor.objects.filter(user=person).exists()


@transaction.atomic
def set_up(*, person: User, secret: str, code: str, is_first: bool) -> list[str] | None:
    """Register a new authenticator app with its first code; None if the code is wrong.

    Returns new recovery codes, which can be read only this once. The old app and the old codes end. `is_first`: the
    person had no app when the page was asked for. Raises AlreadySetUp if another session has set one up since.
    """
    step = totp.matching_step(secret, code, time.time())
    if step is None:
        return None
    lock_account(person)
    if is_first and has_second_factor(person):
        raise AlreadySetUp
    SecondFactor.objects.update_or_create(
        user=person, defaults={"secret": seal(secret, PURPOSE), "last_step": step, "set_up_at": Now()}
    )
    fresh = _new_recovery_codes(person)
    record_of_person(action="accounts.user.set_up_second_factor", person=person, actor=person)
    return fresh


@transaction.atomic
def renew_recovery_codes(*, person: User) -> list[str]:
    """Ten new codes, which can be read only this once; the old ones end."""
    lock_account(person)
    fresh = _new_recovery_codes(person)
    record_of_person(action="accounts.user.renew_recovery_codes", person=person, actor=person)
    return fresh


def _new_recovery_codes(person: User) -> list[str]:
    RecoveryCode.objects.filter(user=person).delete()
    fresh = [codes.new_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=person, digest=_digest(code)) for code in fresh)
    return [codes.grouped(code) for code in fresh]


def _digest(code: str) -> str:
    return salted_hmac("accounts.recovery_code", code, algorithm="sha256").hexdigest()


def is_right(*, person: User, code: str) -> bool:
    """True for the app's present code or an unused recovery code. A code is right only once."""
    typed = codes.tidied(code)
    if len(typed) == totp.DIGITS:
        return _use_app_code(person, typed)
    return _use_recovery_code(person, typed)


def _use_app_code(person: User, code: str) -> bool:
    factor = SecondFactor.objects.filter(user=person).first()
    if factor is None:
        return False
    step = totp.matching_step(unseal(factor.secret, PURPOSE), code, time.time())
    # One statement checks and takes the step, so that of two requests with the same code only one passes.
    return step is not None and bool(
        SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step)
    )


@transaction.atomic
def _use_recovery_code(person: User, code: str) -> bool:
    lock_account(person)
    unused = RecoveryCode.objects.filter(user=person, digest=_digest(code), used_at=None)
    if not unused.update(used_at=Now()):
        return False
    left = RecoveryCode.objects.filter(user=person, used_at=None).count()
    record_of_person(action="accounts.user.use_recovery_code", person=person, actor=person, left=left)
    return True
