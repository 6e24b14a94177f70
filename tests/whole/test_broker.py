"""The broker may fall silent or disappear: workers continue, and no person's work depends on it (promises B2, B3)."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from kombu import Connection, Queue
from kombu.exceptions import OperationalError
from kombu.transport import redis as plain

from config import broker
from config.celery import app
from quota.tasks import check_return
from tools.faults.proxy import Proxy
from tools.runner import processes, valkey
from tools.runner.state import ROOT, State

pytestmark = pytest.mark.system
TIMEOUT = 1  # seconds, in place of ten


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy(urlsplit(settings.CELERY_BROKER_URL).port or 6379)
    yield proxy
    proxy.close()


@pytest.fixture
def taken_message(proxy: Proxy) -> Iterator[Callable[[Any, dict[str, Any]], Any]]:
    """A message that a consumer with room for one has taken and not yet acknowledged."""
    taken = []

    def take(transport: Any, options: dict[str, Any]) -> Any:
        taken.append(message_through(proxy, transport, options))
        return taken[-1]

    yield take
    for message in taken:
        message.channel._disconnect_pools()  # a proper goodbye would wait for the silent broker


def message_through(proxy: Proxy, transport: Any, options: dict[str, Any]) -> Any:
    parts = urlsplit(settings.CELERY_BROKER_URL)
    credentials = f":{parts.password}@" if parts.password else ""
    url = f"redis://{credentials}127.0.0.1:{proxy.port}{parts.path}"
    channel = Connection(url, transport=transport, transport_options=options).channel()
    channel.qos.restore_at_shutdown = False  # its broker is gone by then
    channel.basic_qos(0, 1, False)
    queue = Queue(f"test-{uuid4()}", durable=False, auto_delete=True)(channel)
    queue.declare()
    channel.connection.client.Producer(channel).publish({}, routing_key=queue.name, exchange="")
    message = queue.get(no_ack=False)
    assert message is not None
    assert not channel.qos.can_consume()
    return message


def test_what_cannot_be_acknowledged_gives_its_place_back(proxy: Proxy, taken_message: Any) -> None:
    message = taken_message(broker.Transport, {"socket_timeout": TIMEOUT})
    proxy.freeze()
    with pytest.raises(broker.Transport.connection_errors):
        message.ack()
    assert message.channel.qos.can_consume()


def test_twin_with_the_transport_as_it_comes_the_place_is_lost(proxy: Proxy, taken_message: Any) -> None:
    message = taken_message(plain.Transport, {"socket_timeout": TIMEOUT})
    proxy.freeze()
    with pytest.raises(plain.Transport.connection_errors):
        message.ack()
    assert not message.channel.qos.can_consume()


def test_twin_with_default_options_a_silent_broker_is_never_noticed(proxy: Proxy, taken_message: Any) -> None:
    message = taken_message(broker.Transport, {})
    proxy.freeze()

    def acknowledge() -> None:
        with suppress(Exception):  # until the proxy closes
            message.ack()

    waiting = threading.Thread(target=acknowledge, daemon=True)
    waiting.start()
    waiting.join(3 * TIMEOUT)
    assert waiting.is_alive()


@pytest.fixture
def full_broker(tmp_path: Path) -> Iterator[str]:
    """The address of a separate broker without room for another message."""
    (tmp_path / "venv").symlink_to(sys.prefix)
    (tmp_path / "log").mkdir()
    server, url = valkey.start("broker", State(tmp_path), os.environ, "secret")
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", "1mb")
    yield url
    processes.stop([server], 5)


def send(url: str, transport: Any) -> None:
    with Connection(url, transport=transport) as connection:
        check_return.apply_async((1,), retry=False, connection=connection)


def test_a_full_broker_is_an_outage_as_pages_know_it(full_broker: str) -> None:
    with pytest.raises(OperationalError):
        send(full_broker, broker.Transport)


def test_a_worker_outlives_a_broker_that_has_no_room(full_broker: str, eventually: Callable[..., None]) -> None:
    """As Celery comes, the worker ends with an unrecoverable error at its first connection."""
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "-c", "1", "-Q", "fast"]
    environment = os.environ | {"REDIS_URL": full_broker}
    worker = subprocess.Popen([*command, "-n", "full"], env=environment, cwd=ROOT, start_new_session=True)
    broker_client = redis.Redis.from_url(full_broker)
    other = app.__class__("other", broker=full_broker, set_as_current=False)
    try:
        eventually(lambda: broker_client.info("errorstats").get("errorstat_OOM"), "it never met the full broker")
        broker_client.config_set("maxmemory", "64mb")
        eventually(lambda: worker.poll() is None and other.control.ping(timeout=2), "it never came back")
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        other.pool.force_close_all()
        broker_client.close()


def test_workers_use_the_repaired_transport_and_notice_silence() -> None:
    assert app.connection_for_read().transport_cls == "config.broker:Transport"
    options = app.conf.broker_transport_options
    assert options["socket_timeout"] < 30
    assert options["health_check_interval"] < 30
    assert options["visibility_timeout"] > app.conf.task_time_limit


def annotations() -> dict[str, dict[str, Any]]:
    """Every task of ours with the types of its messages' contents."""
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    found = {name: dict(task.run.__annotations__) for name, task in ours.items()}
    for types in found.values():
        types.pop("return", None)
    return found


def test_messages_carry_ids_and_nothing_else() -> None:
    """Promise E2: what stands in the broker is a number of ours, never a name or a number of a person."""
    assert {"levy.tasks.assess_slice", "quota.tasks.check_return"} <= set(annotations())
    for name, types in annotations().items():
        code = app.tasks[name].run.__code__
        assert len(types) == code.co_argcount, f"{name} takes something without a type"
        assert set(types.values()) <= {int}, f"{name} takes {types}"
