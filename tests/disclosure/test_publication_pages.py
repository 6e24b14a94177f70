"""The officers' pages of publications: rights of each role, and the second person's decision."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.permissions import Role
from disclosure.models import Publication, PublicationState
from disclosure.services import publications as services
from tests.accounts.factories import RegionFactory, officer
from tests.disclosure.factories import SHANXI, TAIYUAN, XIAODIAN, draft, finance, mixed_employers, published, regions
from tests.levy.factories import confirmed_run
from tests.reading import text_of
from tests.steps import take_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def confirmed():
    regions()
    mixed_employers()
    return confirmed_run()


def step(publication: Publication, name: str) -> str:
    return reverse("disclosure:publication_step", args=[publication.pk, name])


def test_an_officer_prepares_and_a_second_one_publishes(client, confirmed):
    first, second = finance(), finance()
    client.force_login(first)
    started = client.post(reverse("disclosure:publication_start"), {"levy_year": 2025, "region": SHANXI})
    publication = Publication.objects.get()
    assert started.headers["Location"] == publication.get_absolute_url()
    assert "正在复制核定结果" in text_of(client.get(publication.get_absolute_url()))
    services.freeze_publication(publication_id=publication.pk)
    page = client.get(publication.get_absolute_url())
    assert "等待另一人公布" in text_of(page)
    assert [name for name, _button in page.context["steps"]] == ["discard"]
    client.force_login(second)
    page = client.get(publication.get_absolute_url())
    assert [name for name, _button in page.context["steps"]] == ["publish", "discard"]
    asked = text_of(client.get(step(publication, "publish")))
    assert "96,000.00元" in asked
    assert "不能修改" in asked
    done = take_step(client, step(publication, "publish"), follow=True)
    assert "已办理：公布" in text_of(done)
    publication.refresh_from_db()
    assert publication.state == PublicationState.PUBLISHED


def test_a_refusal_is_told_on_the_page(client, confirmed):
    client.force_login(finance())
    publication = draft()
    client.force_login(publication.prepared_by)
    refused = take_step(client, step(publication, "publish"), follow=True)
    assert "须由另一人办理" in text_of(refused)
    again = client.post(reverse("disclosure:publication_start"), {"levy_year": 2025, "region": SHANXI})
    assert "正在准备" in text_of(again)
    empty = client.post(reverse("disclosure:publication_start"), {"levy_year": 2024, "region": SHANXI})
    assert "尚无已核定的结果" in text_of(empty)


def test_withdrawing_asks_for_a_reason(client, confirmed):
    publication = published()
    client.force_login(finance())
    assert "错误：" in text_of(client.post(step(publication, "withdraw"), {"reason": ""}))
    client.post(step(publication, "withdraw"), {"reason": "单位名称有误"})
    publication.refresh_from_db()
    assert publication.state == PublicationState.WITHDRAWN
    assert "单位名称有误" in text_of(client.get(publication.get_absolute_url()))


def test_the_preview_is_the_public_page_before_anybody_sees_it(client, confirmed):
    publication = draft()
    client.force_login(finance())
    province = client.get(reverse("disclosure:publication_preview", args=[publication.pk, SHANXI]))
    assert "预览，尚未公开" in text_of(province)
    assert "<title>预览：" in province.content.decode()
    assert province.headers["Cache-Control"] == "no-store, private"
    assert reverse("disclosure:publication_preview", args=[publication.pk, TAIYUAN]) in province.content.decode()
    county = client.get(reverse("disclosure:publication_preview", args=[publication.pk, XIAODIAN]))
    assert "小店区" in text_of(county)
    assert client.get(reverse("disclosure:publication_preview", args=[publication.pk, "110000"])).status_code == 404


def test_a_drafts_files_are_for_officers_only(client, confirmed):
    publication = draft()
    url = reverse("disclosure:publication_file", args=[publication.pk, "entries", "csv"])
    assert client.get(url).status_code == 302
    client.force_login(finance())
    assert "清和精密制造有限公司" in b"".join(client.get(url).streaming_content).decode()


def pages(publication: Publication) -> list[str]:
    return [
        publication.get_absolute_url(),
        reverse("disclosure:publication_preview", args=[publication.pk, SHANXI]),
        reverse("disclosure:publication_file", args=[publication.pk, "figures", "json"]),
        step(publication, "publish"),
    ]


def test_another_province_finds_nothing_and_the_wrong_right_is_refused(client, confirmed):
    publication = draft()
    client.force_login(finance("110000"))
    assert [client.get(url).status_code for url in pages(publication)] == [404, 404, 404, 404]
    client.force_login(finance(TAIYUAN))
    assert [client.get(url).status_code for url in pages(publication)] == [404, 404, 404, 404]
    client.force_login(officer(Role.TAX_OFFICER, SHANXI))
    assert [client.get(url).status_code for url in pages(publication)] == [403, 403, 403, 403]
    verifier = officer(Role.VERIFIER, SHANXI)
    finance_of_a_county = officer(Role.FINANCE_OFFICER, "110101")
    finance_of_a_county.appointments.create(role=Role.VERIFIER, region=RegionFactory(code=SHANXI))
    for person in (verifier, finance_of_a_county):
        client.force_login(person)
        assert [client.get(url).status_code for url in pages(publication)] == [403, 403, 403, 403]


def test_an_auditor_reads_and_changes_nothing(client, confirmed):
    publication = draft()
    client.force_login(officer(Role.AUDITOR, SHANXI))
    assert client.get(reverse("disclosure:publication_list")).status_code == 200
    assert client.get(publication.get_absolute_url()).status_code == 200
    assert client.post(step(publication, "publish")).status_code == 403
    assert client.get(reverse("disclosure:publication_start")).status_code == 403


def test_an_unknown_step_is_not_found(client, confirmed):
    publication = draft()
    client.force_login(finance())
    assert client.get(step(publication, "replace")).status_code == 404


def test_the_list_costs_the_same_for_one_and_for_many(client, confirmed):
    published()
    client.force_login(finance())

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("disclosure:publication_list")).status_code == 200
        return len(captured)

    cost()
    one = cost()
    for _ in range(4):
        published()
    assert cost() == one
