"""Taking a step from its page as a browser does: with the digest that the page carries."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client


def take_step(client: Client, address: str, follow: bool = False, **typed: Any) -> HttpResponse:
    """Read the page of a step and send its form."""
    shown = client.get(address).content.decode()
    return client.post(address, dict(re.findall(r'name="(seen)" value="(\w+)"', shown)) | typed, follow=follow)
