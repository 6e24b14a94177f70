"""Saves a rejected form (session expired, record changed) so that its author can resubmit it.

It is sealed in the browser's own session, because it may contain identity numbers. It is shown once, at its own
address, and only to the last person who signed in from this browser.
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
LARGEST = 32 * 1024  # bytes: more than anyone types; a stranger may send any amount
NOT_TYPED = ("csrfmiddlewaretoken",)


def keeps_typing(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view whose GET redisplays a form that was posted to it. Never mark a view that receives a secret."""
    view.keeps_typing = True
    return view


def is_keeper(request: HttpRequest) -> bool:
    """True if this form's address is marked; works before the view was resolved too."""
    try:
        return getattr(resolve(request.path_info).func, "keeps_typing", False)
    except Resolver404:
        return False


def keep(request: HttpRequest) -> bool:
    """Save the posted form of the person who is, or was last, signed in here; an unknown browser saves nothing."""
    holder = request.user.get_username() or last_holder(request)
    typed = {name: values for name, values in request.POST.lists() if name not in NOT_TYPED}
    text = json.dumps([holder, request.path, int(time.time()), typed])
    if not holder or len(text.encode()) > LARGEST:
        return False
    request.session[KEPT] = base64.b64encode(seal(text, PURPOSE)).decode()
    return True


def is_kept(request: HttpRequest) -> bool:
    """True if a form waits for its author to sign in."""
    return KEPT in request.session


def taken_back(request: HttpRequest) -> QueryDict | None:
    """This person's saved form, once, with a message above the page; None for another address or person, or after half
    an hour."""
    if KEPT not in request.session:
        return None
    try:
        holder, path, at, typed = json.loads(unseal(base64.b64decode(request.session[KEPT]), PURPOSE))
    except (InvalidTag, KeyError):  # its key has been retired
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
    """A form's arguments: the posted values, or else the saved ones, not validated. The page's present digests and
    versions replace the saved ones."""
    if request.method == "POST":
        return {"data": request.POST, "initial": shown}
    typed = taken_back(request) or QueryDict()
    before = {name: values if len(values) > 1 else values[0] for name, values in typed.lists() if values}
    return {"initial": before | shown}
