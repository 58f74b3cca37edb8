"""The audit log in the REST API."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from audit.models import Event
from audit.opening import opened
from portal.evidence.actions import export_evidence
from portal.evidence.bundle import build
from portal.evidence.lines import positions_of
from portal.evidence.period import facts_of, requests_in, sample_in
from portal.evidence.period_serializers import (
    PeriodOutput,
    PeriodQuery,
    SampleOutput,
    period_asked,
)
from portal.evidence.serializers import (
    EventQuery,
    EventSerializer,
    as_shown,
    filter_of,
)
from portal.rest.views import PortalViewSet
from portal.tickets.models import Ticket
from tenants.permissions import Permission


class PeriodViewSet(PortalViewSet):
    """The evidence of a period."""

    permissions = {"retrieve": export_evidence.permission}
    parameters = {"retrieve": PeriodQuery}
    outputs = {"retrieve": PeriodOutput}
    model = Ticket

    def retrieve(self, request: Request) -> HttpResponse:
        """Every request and leaver of a period with their proof, as one ZIP with a signed manifest.

        `application/zip`. The download is noted in the audit log.
        """
        period = period_asked(self.query)
        export_evidence(actor=self.request.actor, period=period)
        made = build(period, actor=self.request.actor, at=self.request.at)
        name = f"evidence-{period.since:%Y-%m-%d}.zip"
        sent = FileResponse(made, as_attachment=True, filename=name, content_type="application/zip")
        return cast("HttpResponse", sent)


class PeriodSampleViewSet(PortalViewSet):
    """The sample of a period."""

    permissions = {"retrieve": Permission.AUDIT_VIEW}
    parameters = {"retrieve": PeriodQuery}
    outputs = {"retrieve": SampleOutput}
    model = Ticket

    def retrieve(self, request: Request) -> Response:
        """A sample of the requests of a period: the same seed chooses the same ones again."""
        self.request.actor.require(Permission.TICKET_VIEW)
        period = period_asked(self.query)
        rows = requests_in(period, self.request.actor)
        chosen = rows.filter(number__in=sample_in(period, self.request.actor)).order_by("id")
        facts = facts_of(list(chosen), at=self.request.at)
        return self.answer({"total": rows.count(), "sample": facts})


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
