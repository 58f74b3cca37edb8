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
from portal.people.api.lists import ListParser, row_of, shown
from portal.people.importing import check, invite
from portal.people.listing import invitations_in
from portal.people.serializers import invitations as shapes
from portal.people.serializers.shared import NoInput
from portal.people.sheets import Row, read_sheet
from portal.rest.parsing import StrictJSONParser
from portal.rest.views import PortalViewSet
from tenants.actions.invitations import cancel_invitation, resend_invitation, send_invitation
from tenants.actions.inviting import send_invitations
from tenants.models import Invitation, Team


class InvitationViewSet(PortalViewSet):
    model = Invitation
    permissions = {
        "list": send_invitation.permission,
        "retrieve": send_invitation.permission,
        "create": send_invitation.permission,
        "resend": resend_invitation.permission,
        "take_list": send_invitations.permission,
        "destroy": cancel_invitation.permission,
    }
    parameters = {"list": shapes.InvitationQuery, "take_list": shapes.ImportQuery}
    inputs = {
        "create": shapes.InvitationInput,
        "resend": NoInput,
        "take_list": shapes.ListInput,
    }
    outputs = {
        **dict.fromkeys(("list", "retrieve", "create", "resend"), shapes.InvitationOutput),
        "take_list": shapes.ReportOutput,
    }

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        state = self.query.get("state", "") if self.action == "list" else ""
        seen = invitations_in(self.request.actor, state, at=self.request.at)
        return seen.filter(pk__in=rows.values("pk"))

    def list(self, request: Request) -> Response:
        """Invitations, newest first; without `state` those neither used nor cancelled."""
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

    @verb(
        detail=False,
        methods=["post"],
        url_path="import",
        parser_classes=(StrictJSONParser, ListParser),
    )
    def take_list(self, request: Request) -> Response:
        """Invite a list of people, all or none; `dry_run` only says what becomes of each line.

        Takes JSON, or CSV as `text/csv` with the columns email, name, role, teams, access ends.
        """
        actor, at = self.request.actor, self.request.at
        report = check(self._rows(), actor=actor, at=at)
        if self.query["dry_run"]:
            return self.answer(shown(report, invited=0))
        sent = invite(report, actor=actor, at=at, only_good=self.query["only_good"])
        return self.answer(shown(report, invited=len(sent)))

    def _rows(self) -> Sequence[Row]:
        if self.request.content_type.partition(";")[0].strip().lower() == ListParser.media_type:
            return read_sheet(self.request.data["csv"])
        people = self.read()["people"]
        return [row_of(place, person) for place, person in enumerate(people, start=1)]
