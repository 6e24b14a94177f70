"""The readings in Prometheus' text format."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from operations import alarms
from operations.queries.readings import Readings, read


class _Gauges(Collector):
    def __init__(self, readings: Readings) -> None:
        self.readings = readings

    def collect(self) -> Iterator[Metric]:
        seen = self.readings
        yield _gauge("levy_broker_up", "1 when the broker answers.", [], {(): seen.queue_lengths is not None})
        yield _gauge("levy_disk_free_ratio", "Free share of the disk with the files.", [], {(): seen.free_space})
        ages = {(sign,): age.total_seconds() for sign, age in seen.ages.items()}
        yield _gauge("levy_sign_age_seconds", "Time since a sign of life was seen.", ["sign"], ages)
        lengths = {(queue,): length for queue, length in (seen.queue_lengths or {}).items()}
        yield _gauge("levy_queue_length", "Messages that wait in a queue.", ["queue"], lengths)
        open_alarms = {(alarm.code, subject): 1 for alarm, subject in alarms.raised(seen)}
        yield _gauge("levy_alarm", "1 for each open alarm (docs/runbook.md).", ["code", "subject"], open_alarms)


def _gauge(name: str, text: str, labels: list[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    gauge = GaugeMetricFamily(name, text, labels=labels)
    for label_values, value in values.items():
        gauge.add_metric(label_values, value)
    return gauge


def text() -> bytes:
    """Every gauge of this moment. Raises DatabaseError."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(read()))
    return generate_latest(registry)
