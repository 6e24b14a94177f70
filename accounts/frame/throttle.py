"""Limits the requests of one address: enough for people, too few to copy a register (promise F4)."""

import logging

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from accounts.frame.addresses import counted_address
from accounts.frame.refusals import refuse

MINUTE = 60

logger = logging.getLogger(__name__)


def is_too_often(request: HttpRequest, purpose: str, per_minute: int) -> bool:
    """True if the address has sent more than `per_minute` requests in the minute that its first request began.

    Counting is one atomic step, so simultaneous requests cannot slip through. Without the cache every request passes:
    a missing counter must not close a public page.
    """
    key = f"{purpose}:{counted_address(request)}"
    try:
        cache.add(key, 0, MINUTE)
        asked = cache.incr(key)
        if asked == 1:
            cache.touch(key, MINUTE)  # the minute may have ended between the two steps above
    except (RedisError, ValueError):
        logger.warning("the counter of %s does not answer", purpose)
        return False
    return asked > per_minute


def come_back_later(request: HttpRequest) -> HttpResponse:
    """429, with the time after which to try again."""
    return refuse(request, 429, retry_after=MINUTE)
