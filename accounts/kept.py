"""What somebody typed into a form whose session had meanwhile ended, until the same person has signed in again.

It is kept in the browser's own session, sealed, as it may hold identity numbers; it is shown once, at the address it
was sent to, and only to the person who signed in from this browser last.
"""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, QueryDict

from accounts.devices import last_holder
from accounts.sealing import seal, unseal

KEPT = "kept_typing"
PURPOSE = b"kept typing"
LASTS = 30 * 60  # seconds
LARGEST = 32 * 1024  # bytes: nobody types more, and strangers may send anything
NOT_TYPED = ("csrfmiddlewaretoken",)


def keeps_typing(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view whose GET shows what `taken_back` gives it."""
    view.keeps_typing = True
    return view


def keep(request: HttpRequest) -> None:
    """Hold on to a posted form of whoever signed in from this browser last; of an unknown browser nothing is kept."""
    holder = last_holder(request)
    typed = {name: values for name, values in request.POST.lists() if name not in NOT_TYPED}
    text = json.dumps([holder, request.path, int(time.time()), typed])
    if holder and len(text.encode()) <= LARGEST:
        request.session[KEPT] = base64.b64encode(seal(text, PURPOSE)).decode()


def is_kept(request: HttpRequest) -> bool:
    """Whether something waits for its person to sign in."""
    return KEPT in request.session


def taken_back(request: HttpRequest) -> QueryDict | None:
    """What this person typed here, once; None for another address, another person or after half an hour."""
    if KEPT not in request.session:
        return None
    holder, path, at, typed = json.loads(unseal(base64.b64decode(request.session[KEPT]), PURPOSE))
    is_theirs, is_fresh = holder == request.user.username, time.time() - at <= LASTS
    if is_theirs and is_fresh and path != request.path:
        return None
    del request.session[KEPT]
    if not (is_theirs and is_fresh):
        return None
    form = QueryDict(mutable=True)
    for name, values in typed.items():
        form.setlist(name, values)
    return form
