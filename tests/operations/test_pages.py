"""The status page and the addresses that a watcher polls."""

import pytest
from django.test import Client

from accounts.permissions import Role
from operations import services
from operations.models import AlarmEntry, Sign
from tests.levy.factories import started_run

pytestmark = pytest.mark.django_db


def test_the_public_reads_that_all_is_well_and_when_the_last_backup_was() -> None:
    for sign in Sign:
        services.note_sign_of_life(sign)
    text = Client().get("/status/").content.decode()
    assert "各项服务正常" in text
    assert "还没有备份记录" not in text
    assert "当前告警" not in text


def test_the_public_reads_what_it_will_notice_when_the_broker_is_gone(settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    text = Client().get("/status/").content.decode()
    assert "已提交的内容不会丢失" in text
    assert Client().get("/ready/").status_code == 503


def test_an_administrator_sees_alarms_with_what_to_do_first(signed_in) -> None:
    started_run()
    services.watch()
    text = signed_in(Role.ADMINISTRATOR, "140000").get("/status/").content.decode()
    assert "backup-old" in text
    assert "立即补做一次" in text
    assert "告警历史" in text


def test_the_status_page_asks_as_much_with_many_alarms(signed_in, django_assert_max_num_queries) -> None:
    client = signed_in(Role.ADMINISTRATOR, "140000")
    client.get("/status/")  # a session notes its first minute
    AlarmEntry.objects.bulk_create(AlarmEntry(code="run-stalled", subject=str(n)) for n in range(200))
    with django_assert_max_num_queries(12):
        client.get("/status/")


def test_metrics_exist_for_whoever_has_the_token(settings) -> None:
    assert Client().get("/metrics/").status_code == 404
    settings.METRICS_TOKEN = "only-for-the-watcher"
    assert Client().get("/metrics/", headers={"Authorization": "Bearer guessed"}).status_code == 404
    text = Client().get("/metrics/", headers={"Authorization": "Bearer only-for-the-watcher"}).content.decode()
    assert 'levy_alarm{code="backup-old",subject=""} 1.0' in text
    assert "levy_broker_up 1.0" in text
