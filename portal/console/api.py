"""The queue of envelopes for support tooling."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.console.envelopes import envelope_page
from portal.grants.support.api import SupportViewSet
from portal.rest.routing import register
from portal.tickets.models import Ticket
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


register("support/queue", EnvelopeViewSet, basename="api-support-envelope")
