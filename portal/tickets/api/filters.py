"""One's own filters of requests over the API."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from portal.rest.views import PortalViewSet
from portal.tickets.actions import delete_filter, save_filter
from portal.tickets.list_serializers import SavedFilterInput, SavedFilterOutput
from portal.tickets.models import SavedFilter
from tenants.permissions import Permission


class SavedFilterViewSet(PortalViewSet):
    model = SavedFilter
    ordering = ("name", "id")
    permissions = {
        "list": Permission.TICKET_VIEW,
        "create": save_filter.permission,
        "destroy": delete_filter.permission,
    }
    inputs = {"create": SavedFilterInput}
    outputs = dict.fromkeys(("list", "create"), SavedFilterOutput)

    def list(self, request: Request) -> Response:
        """The filters you keep, by name."""
        return self.answer_page()

    def create(self, request: Request) -> Response:
        """Keep a filter for yourself; one of the same name is replaced."""
        data = self.read()
        kept = save_filter(
            actor=self.request.actor, at=self.request.at, name=data["name"], query=data["query"]
        )
        return self.answer(kept, status=201, location=f"/api/v1/ticket-filters/{kept.pk}")

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Forget one of your filters."""
        delete_filter(self.get_object(), actor=self.request.actor)
        return Response(status=204)
