"""The session store: Django's own in the database, with each session's person, start and address."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from accounts.models import Session

STARTED = "started"  # seconds since 1970: when the person signed in
SEEN = "seen"  # seconds since 1970: when the session was last kept alive
SECOND_FACTOR = "second_factor"  # true: the person showed it at this sign-in
ADDRESS = "address"
BROWSER = "browser"


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        if STARTED in data:
            row.started_at = datetime.fromtimestamp(data[STARTED], UTC)
        row.address = data.get(ADDRESS, "")
        row.browser = data.get(BROWSER, "")
        return row


def session_ends_at(session: SessionBase) -> datetime:
    """Half an hour after the person's last action, at most twelve hours after sign-in."""
    idle = session[SEEN] + settings.SESSION_COOKIE_AGE
    longest = session[STARTED] + settings.SESSION_LONGEST
    return datetime.fromtimestamp(min(idle, longest), UTC)
