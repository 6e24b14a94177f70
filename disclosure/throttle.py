"""How often one address may ask: enough for people, too little to carry a register off (promise F4)."""

import logging
from ipaddress import ip_address, ip_network

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

MINUTE = 60
IPV6_HOME = 64  # one subscriber holds a whole /64

logger = logging.getLogger(__name__)


def is_too_often(request: HttpRequest, purpose: str, per_minute: int) -> bool:
    """Whether the address has asked more than so many times since the minute that its first request began.

    Counting is one atomic step, so simultaneous requests cannot slip through. Without the cache nobody is refused:
    a public page does not close because a counter is away.
    """
    key = f"{purpose}:{_counted_address(request)}"
    try:
        cache.add(key, 0, MINUTE)
        asked = cache.incr(key)
        if asked == 1:
            cache.touch(key, MINUTE)  # also where the minute ended between the two steps above
    except (RedisError, ValueError):
        logger.warning("the counter of %s does not answer", purpose)
        return False
    return asked > per_minute


def come_back_later(request: HttpRequest) -> HttpResponse:
    """429, with the time after which it makes sense to ask again."""
    response = render(request, "errors/429.html", status=429)
    response.headers["Retry-After"] = str(MINUTE)
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
