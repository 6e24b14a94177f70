"""The address a request came from, as the nearest trusted proxy saw it."""

from ipaddress import ip_address, ip_network

from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle

IPV6_HOME = 64  # one subscriber has a whole /64


def client_address(request: HttpRequest) -> str:
    """The address behind REST_FRAMEWORK["NUM_PROXIES"] proxies; a forged X-Forwarded-For changes nothing."""
    return BaseThrottle().get_ident(request)[:45]


def counted_address(request: HttpRequest) -> str:
    """The address under which attempts are counted; an IPv6 subscriber counts as one."""
    text = client_address(request)
    try:
        address = ip_address(text)
    except ValueError:
        return text
    return str(ip_network((address, IPV6_HOME), strict=False)) if address.version == 6 else text
