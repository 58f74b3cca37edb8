"""Figures for Prometheus that live in the database: how long ago each part was seen."""

from collections.abc import Iterator

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from portal.queue import readiness
from portal.queue.models import Heartbeat
from tenants.clock import now


class QueueCollector(Collector):
    def describe(self) -> Iterator[Metric]:
        """Nothing: asking the database while the process starts would be too early."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        silence = GaugeMetricFamily(
            "gatehouse_silence_seconds", "Seconds since a part was last seen", labels=["part"]
        )
        at = now()
        for heartbeat in Heartbeat.objects.all():
            silence.add_metric([heartbeat.name], (at - heartbeat.seen_at).total_seconds())
        yield silence
        ready = GaugeMetricFamily("gatehouse_ready", "1 when the part works", labels=["part"])
        for answer in readiness.answers():
            ready.add_metric([answer.name], float(answer.is_good))
        yield ready


def install() -> None:
    REGISTRY.register(QueueCollector())
