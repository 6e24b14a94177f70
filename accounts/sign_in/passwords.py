"""Passwords: chosen by their holder, or issued by an office and valid only for choosing another one."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.trail import record_of_person
from accounts.sign_in import attempts
from accounts.sign_in.password_rules import issued_password
from accounts.sign_in.sessions import end_sessions
from audit.models import AuditEntry
from audit.queries import trail_of

ISSUED = "accounts.user.issue_password"
ISSUED_FOR = timedelta(days=30)


@transaction.atomic
def change_password(*, person: User, password: str, session_key: str | None) -> None:
    """Set a password that its holder chose and that passed the rules. Ends every other session of the person."""
    person.set_password(password)
    person.password_set_at = timezone.now()
    person.password_issued_until = None
    person.save(update_fields=["password", "password_set_at", "password_issued_until"])
    end_sessions(person=person, but=session_key)
    record_of_person(action="accounts.user.change_password", person=person, actor=person)


def last_issued(person: User) -> AuditEntry | None:
    """The trail's entry of the last password that somebody issued to this person."""
    return trail_of(person).filter(action=ISSUED).order_by("-pk").first()


@transaction.atomic
def issue_password(*, person: User, actor: User, reason: str = "") -> str:
    """A password to hand over on paper; it can be read only this once. It replaces the old one and ends every session.

    The caller has checked that the actor may do this.
    """
    password = issued_password()
    person.set_password(password)
    person.password_set_at = timezone.now()
    person.password_issued_until = person.password_set_at + ISSUED_FOR
    person.save(update_fields=["password", "password_set_at", "password_issued_until"])
    end_sessions(person=person)
    attempts.forgive(attempts.of_person(person.pk, person.username))
    record_of_person(action=ISSUED, person=person, actor=actor, reason=reason)
    return password
