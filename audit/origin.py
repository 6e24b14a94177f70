"""The browser and the network address behind the present request, as keyed digests, for the trail.

They let a reader of the trail see that two people acted from one place. Nobody can turn a digest back into an address.
Commands and background tasks have none.
"""

from collections.abc import Callable
from contextvars import ContextVar

Origin = dict[str, str]  # "browser" and "address"; a part that is not known is missing

BEHIND_REQUEST: ContextVar[Callable[[], Origin]] = ContextVar("behind_request", default=dict)


def present_origin() -> Origin:
    """The origin of the present request; empty outside one."""
    return BEHIND_REQUEST.get()()
