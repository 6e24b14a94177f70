"""The public's search by name and code, and its limit."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import RequestFactory
from django.urls import reverse
from rest_framework.settings import api_settings

from accounts.frame.throttle import is_too_often
from disclosure.models import PublishedEntry
from quota.models import Employer
from tests.disclosure.factories import DATONG, PINGCHENG, XIAODIAN, employer, published, published_province, regions
from tests.levy.factories import confirmed_run
from tests.quota.factories import verified_year
from tests.reading import text_of

pytestmark = pytest.mark.django_db


def test_search_finds_part_of_a_name_and_the_beginning_of_a_code(client):
    published_province()
    url = reverse("disclosure:search")
    assert "清和精密制造有限公司" in text_of(client.get(url, {"q": "精密"}))
    code = PublishedEntry.objects.get(name="清和精密制造有限公司").uscc
    assert "清和精密制造有限公司" in text_of(client.get(url, {"q": code.lower()}))
    assert "找到5户" in text_of(client.get(url, {"q": code[:8]}))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"q": ""}, "请输入单位名称的一部分"),
        ({"q": "清"}, "名称至少输入2个字"),
        ({"q": "不存在的单位"}, "没有找到符合条件的单位"),
        ({"q": "100%公司"}, "没有找到符合条件的单位"),
        ({"q": "清和精密", "year": "1999"}, "不在可用的选项中"),
        ({"q": "清和精密\x00"}, "不允许"),
    ],
)
def test_search_explains_every_empty_answer(client, asked, answer):
    published_province()
    response = client.get(reverse("disclosure:search"), asked)
    assert response.status_code == 200
    assert answer in text_of(response)


def test_a_wildcard_is_an_ordinary_sign(client):
    published_province()
    assert "没有找到" in text_of(client.get(reverse("disclosure:search"), {"q": "%%%"}))
    assert "没有找到" in text_of(client.get(reverse("disclosure:search"), {"q": "___"}))


def test_search_is_narrowed_by_region_and_year(client):
    regions()
    verified_year(employer(XIAODIAN, name="清和一号有限公司"))
    verified_year(employer(PINGCHENG, name="清和二号有限公司"))
    confirmed_run()
    published()
    page = text_of(client.get(reverse("disclosure:search"), {"q": "清和", "region": DATONG, "year": 2025}))
    assert "清和二号有限公司" in page
    assert "清和一号有限公司" not in page


def test_search_stops_after_ten_pages(client):
    regions()
    Employer.objects.bulk_create(
        Employer(uscc=f"91140105MA{n:07d}X", name=f"清和第{n}有限公司", region_id=XIAODIAN, entity_type="enterprise")
        for n in range(5000, 5205)
    )
    confirmed_run()
    published()
    url = reverse("disclosure:search")
    first = client.get(url, {"q": "有限公司"})
    assert "找到200户以上，只显示前200户" in text_of(first)
    assert first.context["page"].paginator.num_pages == 10
    assert client.get(url, {"q": "有限公司", "page": 11}).context["page"].number == 10


def test_the_thirty_first_search_of_a_minute_waits(client):
    published_province()
    url = reverse("disclosure:search")
    answers = [client.get(url, {"q": "清和精密"}, headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert answers[30].headers["Retry-After"] == "60"
    assert "public" not in answers[30].headers.get("Cache-Control", "")
    assert client.get(url).status_code == 200  # the empty form costs nothing
    other = client.get(url, {"q": "清和精密"}, REMOTE_ADDR="192.0.2.7")
    assert other.status_code == 200


def test_simultaneous_searches_are_counted_one_by_one():
    """The counter's own promise, without pages: sixty-four at once, thirty admitted."""
    request = RequestFactory().get("/search/", REMOTE_ADDR="192.0.2.9")
    with ThreadPoolExecutor(16) as pool:
        refused = list(pool.map(lambda _n: is_too_often(request, "search", 30), range(64)))
    assert refused.count(False) == 30


def test_a_proxy_that_is_trusted_names_the_client(client, monkeypatch):
    monkeypatch.setattr(api_settings, "NUM_PROXIES", 1)
    published_province()
    url = reverse("disclosure:search")
    for n in range(31):
        last = client.get(url, {"q": "清和精密"}, headers={"X-Forwarded-For": f"10.0.0.{n}, 198.51.100.1"})
    assert last.status_code == 429
    other = client.get(url, {"q": "清和精密"}, headers={"X-Forwarded-For": "10.0.0.1, 198.51.100.2"})
    assert other.status_code == 200


def test_search_answers_while_the_counter_is_away(client, settings):
    published_province()
    cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": cache}
    assert client.get(reverse("disclosure:search"), {"q": "清和精密"}).status_code == 200


def test_an_ipv6_subscriber_cannot_step_through_its_addresses(client):
    published_province()
    url = reverse("disclosure:search")
    answers = [client.get(url, {"q": "清和精密"}, REMOTE_ADDR=f"2001:db8::{n:x}").status_code for n in range(1, 32)]
    assert answers[-1] == 429
