"""Figures for Prometheus about requests with a clock: counts by kind, no names."""

from collections.abc import Iterator
from typing import Final

from django.db.models import Count, Q
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from portal.tickets import rules
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind, Status
from tenants.clock import now
from tenants.scoping import system_scope

# The last quarter of the promised time, whatever a pause has added before it.
LAST_QUARTER: Final = rules.TIME_TO_FULFIL * (100 - rules.AT_RISK_LEVEL) / 100
LABELS: Final = ["kind", "clock"]


class TicketCollector(Collector):
    def describe(self) -> Iterator[Metric]:
        """Nothing: asking the database while the process starts would be too early."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily(
            "gatehouse_requests", "Open requests of all workspaces by their clock", labels=LABELS
        )
        for kind, counts in _counted().items():
            for clock, count in counts.items():
                gauge.add_metric([kind, clock], count)
        yield gauge


def _counted() -> dict[str, dict[str, int]]:
    """Each request under one clock; `stopped` are among them and counted besides."""
    at = now()
    paused = Q(status__in=sorted(rules.PAUSED))
    stopped, late = Q(status=Status.BLOCKED), ~paused & Q(due_at__lt=at)
    near = ~paused & ~late & Q(due_at__lte=at + LAST_QUARTER)
    clocks = {"late": late, "at_risk": near, "paused": paused, "in_time": ~late & ~near & ~paused}
    sums = {name: Count("pk", filter=where) for name, where in clocks.items()}
    with system_scope("requests counted by their clocks"):
        rows = Ticket.unscoped.filter(status__in=sorted(rules.OPEN)).order_by()
        found = rows.values("kind").annotate(stopped=Count("pk", filter=stopped), **sums)
        by_kind = {row.pop("kind"): dict(row) for row in found}
    nothing = dict.fromkeys(("stopped", *clocks), 0)
    return {kind.value: by_kind.get(kind.value, nothing) for kind in Kind}


def install() -> None:
    REGISTRY.register(TicketCollector())
