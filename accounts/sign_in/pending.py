"""The time between the password and the second factor: the session knows its person but gives no access yet."""

import time

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User

PENDING = "pending"
LASTS = 10 * 60


def hold_sign_in(
    request: HttpRequest, person: User, *, next_page: str, identity: tuple[str, str] | None = None
) -> None:
    """Note the person who gave the right password, or came from another authority as this identity (issuer, subject),
    under a new session id."""
    request.session.cycle_key()
    request.session[PENDING] = {
        "user": person.pk,
        "password": person.get_session_auth_hash(),
        "at": int(time.time()),
        "next": next_page,
        "identity": identity,
    }


def held(request: HttpRequest) -> User | None:
    """The person who gave the right password in the last ten minutes; None if the password has changed since."""
    noted = request.session.get(PENDING)
    if noted is None or time.time() - noted["at"] > LASTS:
        return None
    person = User.objects.filter(pk=noted["user"], is_active=True).first()
    if person is None or not constant_time_compare(noted["password"], person.get_session_auth_hash()):
        return None
    return person


def release(request: HttpRequest) -> tuple[str, list[str] | None]:
    """Forget the person. Returns the page that was asked for, "" for none, and the identity at another authority."""
    noted = request.session.pop(PENDING, {})
    return noted.get("next", ""), noted.get("identity")


def safe_next(request: HttpRequest) -> str:
    """The next page, if it is one of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else ""
