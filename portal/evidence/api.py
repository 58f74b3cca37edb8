"""The audit log in the REST API."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from audit.models import Event
from audit.opening import opened
from portal.evidence.lines import positions_of
from portal.evidence.serializers import (
    EventQuery,
    EventSerializer,
    as_shown,
    filter_of,
)
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


class EventViewSet(PortalViewSet):
    """What happened in the organization, newest first."""

    permissions = {"list": Permission.AUDIT_VIEW, "retrieve": Permission.AUDIT_VIEW}
    parameters = {"list": EventQuery}
    outputs = {"list": EventSerializer, "retrieve": EventSerializer}
    model = Event  # type: ignore[assignment]  # scoped by `visible_to`; audit knows no tenants
    ordering = ("-id",)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows if self.action == "retrieve" else filter_of(self.query).apply(rows)  # type: ignore[arg-type]

    def list(self, _request: Request) -> Response:
        """List the events of the audit log, newest first."""
        rows = list(self.paginate_queryset(self.get_queryset()) or ())
        return self.get_paginated_response(self._shown(rows))

    def retrieve(self, _request: Request, pk: UUID) -> Response:
        """Show one event."""
        return Response(self._shown([self.get_object()])[0])

    def _shown(self, rows: Sequence[Event]) -> Any:
        opened(rows)
        positions = positions_of(rows)
        shown = [as_shown(event, positions.get(event.id)) for event in rows]
        return EventSerializer(shown, many=True, context=self.get_serializer_context()).data
