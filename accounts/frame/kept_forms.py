"""What somebody typed into a form that could not be taken: the session had ended, or the matter had moved on.

It is kept in the browser's own session, sealed, as it may hold identity numbers; it is shown once, at the address it
was sent to, and only to the person who signed in from this browser last.
"""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag
from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from accounts.sealing import seal, unseal
from accounts.sign_in.devices import last_holder

KEPT = "kept_typing"
PURPOSE = b"kept typing"
LASTS = 30 * 60  # seconds
LARGEST = 32 * 1024  # bytes: nobody types more, and strangers may send anything
NOT_TYPED = ("csrfmiddlewaretoken",)


def keeps_typing(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view whose GET shows again what was posted to it; never one that is sent a secret."""
    view.keeps_typing = True
    return view


def is_keeper(request: HttpRequest) -> bool:
    """Whether this form's address is marked; also before a view was looked for."""
    try:
        return getattr(resolve(request.path_info).func, "keeps_typing", False)
    except Resolver404:
        return False


def keep(request: HttpRequest) -> bool:
    """Hold on to a posted form of whoever is, or was last, signed in here; of an unknown browser nothing is kept."""
    holder = request.user.get_username() or last_holder(request)
    typed = {name: values for name, values in request.POST.lists() if name not in NOT_TYPED}
    text = json.dumps([holder, request.path, int(time.time()), typed])
    if not holder or len(text.encode()) > LARGEST:
        return False
    request.session[KEPT] = base64.b64encode(seal(text, PURPOSE)).decode()
    return True


def is_kept(request: HttpRequest) -> bool:
    """Whether something waits for its person to sign in."""
    return KEPT in request.session


def taken_back(request: HttpRequest) -> QueryDict | None:
    """What this person typed here, once, with a word about it above the page; None for another address, another
    person or after half an hour."""
    if KEPT not in request.session:
        return None
    try:
        holder, path, at, typed = json.loads(unseal(base64.b64decode(request.session[KEPT]), PURPOSE))
    except (InvalidTag, KeyError):  # its key was taken out of use meanwhile
        del request.session[KEPT]
        return None
    is_theirs, is_fresh = holder == request.user.get_username(), time.time() - at <= LASTS
    if is_theirs and is_fresh and path != request.path:
        return None
    del request.session[KEPT]
    if not (is_theirs and is_fresh):
        return None
    messages.warning(request, _("以下是您先前填写的内容，尚未提交。请核对后提交，离开本页后不再保留。"))
    form = QueryDict(mutable=True)
    for name, values in typed.items():
        form.setlist(name, values)
    return form


def start(request: HttpRequest, **shown: Any) -> dict[str, Any]:
    """A form's arguments: what is posted, or else what this person typed here before, unchecked. What the page shows
    now (digests, versions) stands over what it showed then."""
    if request.method == "POST":
        return {"data": request.POST, "initial": shown}
    typed = taken_back(request) or QueryDict()
    before = {name: values if len(values) > 1 else values[0] for name, values in typed.lists() if values}
    return {"initial": before | shown}
