"""The states of a publication: 待公布 → 已公布 → 已更新 or 已撤下. Preparing is the worker's affair (services)."""

from accounts.permissions import Permission
from audit.workflow import Transition
from disclosure.models import PublicationState

PUBLISH = Transition(
    "publish",
    sources=frozenset({PublicationState.DRAFT}),
    target=PublicationState.PUBLISHED,
    permission=Permission.PUBLISH,
    stamp="published",
    not_by=("prepared_by",),
)
REPLACE = Transition(
    "replace",
    sources=frozenset({PublicationState.PUBLISHED}),
    target=PublicationState.REPLACED,
    permission=Permission.PUBLISH,
    stamp="replaced",
)
WITHDRAW = Transition(
    "withdraw",
    sources=frozenset({PublicationState.PUBLISHED}),
    target=PublicationState.WITHDRAWN,
    permission=Permission.PUBLISH,
    stamp="withdrawn",
    needs_reason=True,
)
DISCARD = Transition(
    "discard",
    sources=frozenset({PublicationState.DRAFT, PublicationState.FAILED}),
    target=PublicationState.DISCARDED,
    permission=Permission.PUBLISH,
    stamp="discarded",
    needs_reason=True,
)

# What an officer may do on the page of a publication; REPLACE only follows from publishing another one.
PUBLICATION_TRANSITIONS = (PUBLISH, WITHDRAW, DISCARD)
