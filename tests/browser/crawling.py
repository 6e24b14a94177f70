"""Walks through the site like a person: from the first page along every link, a few addresses of each route."""

from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve, reverse

MOST_OF_A_ROUTE = 4
# Where the button of a form leads once it is saved, with the same arguments.
BEHIND_BUTTONS = {"quota:return": "quota:return_submit"}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag == "a" and target and not target.startswith(("#", "mailto:", "tel:", "http")):
            self.found.append(target)


@dataclass
class Walk:
    """`pages` are the addresses of each route that answered with a page, `dead` the links to nowhere.

    `others` are the routes that answered with a file or a redirect.
    """

    pages: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    dead: list[str] = field(default_factory=list)
    others: set[str] = field(default_factory=set)


def walk(client: Client, starts: list[str]) -> Walk:
    """Follow every link from `starts`, at most four addresses of a route."""
    found, waiting, seen = Walk(), [(start, "") for start in starts], set(starts)
    asked: dict[str, int] = defaultdict(int)
    while waiting:
        address, source = waiting.pop(0)
        route = _route(address)
        if asked[route] >= MOST_OF_A_ROUTE:
            continue
        asked[route] += 1
        response = client.get(address)
        if response.status_code in {301, 302, 303}:
            targets = [response["Location"]]
            found.others.add(route)
        elif response.status_code != 200:
            found.dead.append(f"{source} → {address}: {response.status_code}")
            continue
        elif response["Content-Type"].startswith("text/html"):
            found.pages[route].append(address)
            targets = _links(response.content.decode()) + _behind_buttons(address)
        else:
            b"".join(response) if response.streaming else response.content
            found.others.add(route)
            continue
        for target in targets:
            full = urljoin(address, target).split("#")[0]
            if full not in seen:
                seen.add(full)
                waiting.append((full, address))
    return found


def _links(html: str) -> list[str]:
    parser = _Links()
    parser.feed(html)
    return parser.found


def _behind_buttons(address: str) -> list[str]:
    here = resolve(urlsplit(address).path)
    return [reverse(BEHIND_BUTTONS[here.view_name], kwargs=here.kwargs)] if here.view_name in BEHIND_BUTTONS else []


def _route(address: str) -> str:
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return "nowhere"
