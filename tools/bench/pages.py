"""Pages at full size: the wait that one answer in twenty exceeds."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from urllib.parse import urlencode

from django.db import connection, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Region
from demo.bulk import set_aside
from demo.names import STYLES
from demo.officers import person
from demo.places import PROVINCE
from disclosure.models import Publication, PublicationState, PublishedEntry
from quota.models import Employer, HeadcountReturn, Placement
from tools.bench.clients import Answer, addresses, fetch, session_of, steadily
from tools.bench.measure import percentile
from tools.bench.programs import web_server
from tools.bench.province import LEVY_YEAR, PER_EMPLOYER, Size
from tools.bench.report import Line, bounded
from tools.roles import as_owner

SHARE = 0.95
BAR = 100  # milliseconds
SEARCHES_PER_SECOND, SEARCHES = 40, 800
PAGES_PER_SECOND, PAGES = 10, 150
ASKED = 400  # different employers, names and cases

# The rows of a publication without its figures: the search reads only rows.
ENTRIES = """
INSERT INTO disclosure_publishedentry (
    publication_id, uscc, name, region_code, region_name, entity_type, standing, share_band, filing, is_verified,
    required_months, credited_months, levy_band, settlement, is_corrected
)
SELECT %s, e.uscc, e.name, e.region_id, place.name, e.entity_type, 'met', 'met', 'on_time', true, 1, 12, 'nothing',
       'nothing_due', false
FROM quota_employer e JOIN accounts_region place ON place.code = e.region_id
"""


def lines(size: Size) -> Iterator[Line]:
    """The public's search under load, then each page of the officers."""
    publication = published()
    entries = PublishedEntry.objects.filter(publication=publication)
    texts = [f"{style}{'有限'}" if turn % 2 else style for turn, style in enumerate(_spread(STYLES))]
    with web_server() as port:
        searches = _searching(port, texts)
        steadily(searches, per_second=PAGES_PER_SECOND, count=PAGES)  # warm up every process
        taken = steadily(searches, per_second=SEARCHES_PER_SECOND, count=SEARCHES)
        alone = [_seconds_of(entries.search(text).order_by("publication_id", "uscc")[:201]) for text in texts]
        title = f"name search at {size.employers:,} employers, {SEARCHES_PER_SECOND} requests/s"
        yield _waited(title, taken, f"; the SQL alone {percentile(alone, SHARE) * 1000:.0f} ms")
        for name, asks in _pages(port, texts).items():
            steadily(asks, per_second=PAGES_PER_SECOND, count=PAGES // 5)
            taken = steadily(asks, per_second=PAGES_PER_SECOND, count=PAGES)
            yield _waited(f"{name} at {size.employers:,} employers, {PAGES_PER_SECOND} requests/s", taken)


def _waited(title: str, taken: list[float], more: str = "") -> Line:
    slow, middle = percentile(taken, SHARE) * 1000, percentile(taken, 0.5) * 1000
    return bounded(title, slow, BAR, f"p95 {slow:.0f} ms, median {middle:.0f} ms{more}", " ms")


def _spread(things: list[str]) -> list[str]:
    return things[:: max(len(things) // ASKED, 1)]


def _searching(port: int, texts: list[str]) -> Iterator[Callable[[], Answer]]:
    path = reverse("disclosure:search")
    return (
        partial(fetch, port, f"{path}?{urlencode({'q': text})}", address=address)
        for text, address in zip(cycle(texts), addresses(), strict=False)
    )


def _pages(port: int, texts: list[str]) -> dict[str, Iterator[Callable[[], Answer]]]:
    """Pages that officers of the province open, and the public page of an employer."""
    cookie = session_of(person("verifier1"))
    codes = list(Employer.objects.filter(pk__in=range(1, 100 * ASKED, 97)).values_list("uscc", flat=True)[:ASKED])
    claiming = Placement.objects.filter(levy_year=LEVY_YEAR, pk__lte=PER_EMPLOYER * ASKED).values("employer")
    waiting = HeadcountReturn.objects.in_force().filter(levy_year=LEVY_YEAR, employer__in=claiming)
    search, queue = reverse("portal:employer_search"), reverse("quota:queue")
    paths = {
        "public page of an employer": [reverse("disclosure:employer", args=[code]) for code in codes],
        "officer's search": [f"{search}?{urlencode({'q': text})}" for text in texts],
        "officer's page of an employer": [reverse("portal:employer_year", args=[code, LEVY_YEAR]) for code in codes],
        "queue": [f"{queue}?{urlencode({'levy_year': LEVY_YEAR})}"],
        "case": [reverse("quota:case", args=[pk]) for pk in waiting.values_list("pk", flat=True)[:ASKED]],
    }
    return {
        name: (
            partial(fetch, port, path, cookie=cookie, address=address)
            for path, address in zip(cycle(several), addresses(), strict=False)
        )
        for name, several in paths.items()
    }


def _seconds_of(rows: QuerySet[PublishedEntry]) -> float:
    began = time.perf_counter()
    list(rows)
    return time.perf_counter() - began


def published() -> Publication:
    """A publication of every employer, published yesterday."""
    publication = Publication.objects.create(
        levy_year=LEVY_YEAR, region=Region.objects.get(pk=PROVINCE), version=1, prepared_by=person("levy1")
    )
    with transaction.atomic(), as_owner(), set_aside([PublishedEntry._meta.db_table]), connection.cursor() as cursor:
        cursor.execute(ENTRIES, [publication.pk])
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) disclosure_publishedentry")
    Publication.objects.filter(pk=publication.pk).update(
        state=PublicationState.PUBLISHED,
        published_at=timezone.now(),
        published_by=person("levy2"),
        payable_total=0,
        paid_total=0,
        digest="0" * 64,
    )
    return publication
