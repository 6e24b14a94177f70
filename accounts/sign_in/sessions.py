"""Sessions as their owners and administrators see them."""

from accounts.models import Session, User


def end_sessions(*, person: User, but: str | None = None) -> int:
    """End the person's sessions everywhere, except the one with the key `but`. Returns the number ended."""
    ended, _per_model = Session.objects.filter(user=person).exclude(session_key=but).delete()
    return ended


def end_session(*, person: User, reference: str) -> bool:
    """End the one of the person's own sessions that has this reference."""
    for session in Session.objects.filter(user=person):
        if session.reference == reference:
            session.delete()
            return True
    return False
