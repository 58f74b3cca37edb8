"""Figures of diagnostic access for Prometheus: counts over all customers, no names."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from portal.grants.models import Dispute, EmergencyConsent, Grant, SupportSession
from portal.grants.rules import DisputeStatus, GrantStatus
from tenants.clock import now
from tenants.scoping import system_scope


class AccessCollector(Collector):
    def describe(self) -> Iterator[Metric]:
        """Nothing: asking the database while the process starts would be too early."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        figures = GaugeMetricFamily(
            "gatehouse_diagnostic_access", "How many there are now", labels=["what"]
        )
        with system_scope("figures of diagnostic access"):
            for name, rows in _counted().items():
                figures.add_metric([name], float(rows.count()))
        yield figures


def _counted() -> dict[str, QuerySet[Any]]:
    at = now()
    disputes = Dispute.unscoped.filter(status=DisputeStatus.OPEN)
    return {
        "open_grants": Grant.unscoped.filter(
            approved_at__isnull=False, closed_at__isnull=True, starts_at__lte=at, expires_at__gt=at
        ),
        "waiting_for_vendor": Grant.unscoped.filter(status=GrantStatus.VENDOR_REVIEW),
        "waiting_for_customer": Grant.unscoped.filter(status=GrantStatus.PENDING_CUSTOMER),
        "support_sessions": SupportSession.unscoped.filter(closed_at__isnull=True),
        "open_disputes": disputes,
        "late_disputes": disputes.filter(due_at__lt=at),
        "emergency_consents": EmergencyConsent.unscoped.filter(
            closed_at__isnull=True, expires_at__gt=at
        ),
    }


def install() -> None:
    REGISTRY.register(AccessCollector())
