"""Invitations over the API."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid
from portal.people.serializers import invitations as shapes
from portal.people.serializers.shared import NoInput
from portal.rest.views import PortalViewSet
from tenants.actions.invitations import cancel_invitation, resend_invitation, send_invitation
from tenants.models import Invitation, Team


class InvitationViewSet(PortalViewSet):
    model = Invitation
    permissions = {
        "list": send_invitation.permission,
        "retrieve": send_invitation.permission,
        "create": send_invitation.permission,
        "resend": resend_invitation.permission,
        "destroy": cancel_invitation.permission,
    }
    inputs = {"create": shapes.InvitationInput, "resend": NoInput}
    outputs = dict.fromkeys(("list", "retrieve", "create", "resend"), shapes.InvitationOutput)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(accepted_at__isnull=True, cancelled_at__isnull=True)

    def list(self, request: Request) -> Response:
        """Invitations that are neither used nor cancelled, newest first."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One open invitation."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Invite an address; the link goes out by mail and works for 7 days, once."""
        data = self.read()
        teams = self._teams(data.pop("teams"))
        made = send_invitation(actor=self.request.actor, at=self.request.at, teams=teams, **data)
        return self.answer(made, status=201, location=f"/api/v1/invitations/{made.pk}")

    def _teams(self, wanted: Sequence[UUID]) -> Iterable[Team]:
        found = Team.objects.visible_to(self.request.actor).filter(pk__in=wanted)
        if len(found) != len(set(wanted)):
            raise Invalid(_("Some fields do not hold."), {"teams": _("Not a team here.")})
        return found

    @verb(detail=True, methods=["post"])
    def resend(self, request: Request, pk: UUID) -> Response:
        """Send a new link for another 7 days; the old one stops working."""
        self.read()
        invitation = self.get_object()
        return self.answer(
            resend_invitation(invitation, actor=self.request.actor, at=self.request.at)
        )

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Cancel an invitation; its link stops working."""
        cancel_invitation(self.get_object(), actor=self.request.actor, at=self.request.at)
        return Response(status=204)
