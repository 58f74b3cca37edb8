"""The queue of envelopes for support tooling."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.console.envelopes import envelope_page
from portal.console.measuring import all_measures
from portal.console.reporting import customer_report
from portal.grants.measure_serializers import AccessReportQuery, CustomerAccessReportOutput
from portal.grants.measuring import months
from portal.grants.models import Grant
from portal.grants.support.api import SupportViewSet
from portal.rest.routing import register, register_single
from portal.tickets.models import Ticket
from portal.tickets.report_serializers import CustomerReportOutput, ReportQuery
from tenants.permissions import Permission


class EnvelopeOutput(serializers.Serializer[Any]):
    """All that staff see of a request without a grant."""

    organization = serializers.CharField()
    number = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField()
    step = serializers.CharField()
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    is_paused = serializers.BooleanField()
    error_code = serializers.CharField()
    assignee = serializers.CharField()


class EnvelopeViewSet(SupportViewSet):
    model = Ticket
    permissions = {"list": Permission.CONSOLE_VIEW}
    outputs = {"list": EnvelopeOutput}

    def list(self, request: Request) -> Response:
        """Open requests of all customers by their clocks: the envelope, never the content."""
        page = envelope_page(cursor=self.query["cursor"], size=self.query["size"])
        return self.show_page(page, EnvelopeOutput)


class CustomerReportViewSet(SupportViewSet):
    model = Ticket
    permissions = {"retrieve": Permission.CONSOLE_VIEW}
    parameters = {"retrieve": ReportQuery}
    outputs = {"retrieve": CustomerReportOutput}

    def retrieve(self, request: Request) -> Response:
        """How the promise was kept for each customer: counts and times by month and kind."""
        return self.answer({"months": customer_report(at=self.request.at, **self.query)})


class CustomerAccessReportViewSet(SupportViewSet):
    model = Grant
    permissions = {"retrieve": Permission.CONSOLE_VIEW}
    parameters = {"retrieve": AccessReportQuery}
    outputs = {"retrieve": CustomerAccessReportOutput}

    def retrieve(self, request: Request) -> Response:
        """Time to decision, time used and reads of each customer's diagnostic access."""
        found = all_measures(at=self.request.at, **self.query)
        return self.answer({"months": months(found), "grants": found})


register_single(
    "support/access-report",
    CustomerAccessReportViewSet,
    basename="api-support-access-report",
    verbs={"get": "retrieve"},
)
register_single(
    "support/report",
    CustomerReportViewSet,
    basename="api-support-report",
    verbs={"get": "retrieve"},
)
register("support/queue", EnvelopeViewSet, basename="api-support-envelope")
