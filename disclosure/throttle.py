"""How often one address may ask: enough for people, too little to carry a register off (promise F4)."""

import logging
import time
from ipaddress import ip_address, ip_network

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

MINUTE = 60
IPV6_HOME = 64  # one subscriber holds a whole /64

logger = logging.getLogger(__name__)


def seconds_to_wait(request: HttpRequest, purpose: str, per_minute: int) -> int:
    """0 when the request is admitted, else the seconds until the next minute.

    The count is one atomic step, so simultaneous requests cannot slip through. Without the cache everybody is
    admitted: a public page does not close because a counter is away.
    """
    now = int(time.time())
    key = f"{purpose}:{_counted_address(request)}:{now // MINUTE}"
    try:
        cache.add(key, 0, 2 * MINUTE)
        asked = cache.incr(key)
    except RedisError:
        logger.warning("the counter of %s does not answer", purpose)
        return 0
    return 0 if asked <= per_minute else MINUTE - now % MINUTE


def come_back_later(request: HttpRequest, seconds: int) -> HttpResponse:
    """429, with the time when it makes sense to ask again."""
    response = render(request, "errors/429.html", status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _counted_address(request: HttpRequest) -> str:
    """The client's address as the nearest trusted proxy saw it (REST_FRAMEWORK["NUM_PROXIES"]); a forged
    X-Forwarded-For changes nothing."""
    text = BaseThrottle().get_ident(request)
    try:
        address = ip_address(text)
    except ValueError:
        return text
    return str(ip_network((address, IPV6_HOME), strict=False)) if address.version == 6 else text
