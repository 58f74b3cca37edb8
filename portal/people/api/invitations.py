"""Invitations over the API."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid
from portal.people.actions.invited import change_invited
from portal.people.api.lists import ListParser, row_of, shown
from portal.people.importing import check, invite
from portal.people.invited import Wish, foresee_invited
from portal.people.listing import invitations_for, narrowed_invitations
from portal.people.member_listing import unknown_filters
from portal.people.serializers import invitations as shapes
from portal.people.serializers.shared import ROLES, NoInput
from portal.people.sheets import Row, read_sheet
from portal.rest.exceptions import InvalidParameters
from portal.rest.parsing import StrictJSONParser
from portal.rest.views import PortalViewSet
from tenants.actions.guards import named_role
from tenants.actions.invitations import send_invitation
from tenants.actions.invited import cancel_invitation, edit_invitation, resend_invitation
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
        "partial_update": edit_invitation.permission,
        "change": change_invited.permission,
    }
    parameters = {"list": shapes.InvitationQuery, "take_list": shapes.ImportQuery}
    inputs = {
        "create": shapes.InvitationInput,
        "resend": NoInput,
        "take_list": shapes.ListInput,
        "partial_update": shapes.InvitationEdit,
        "change": shapes.InvitedInput,
    }
    outputs = {
        **dict.fromkeys(
            ("list", "retrieve", "create", "resend", "partial_update"), shapes.InvitationOutput
        ),
        "change": shapes.InvitedOutput,
        "take_list": shapes.ReportOutput,
    }

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        actor, at = self.request.actor, self.request.at
        if self.action == "partial_update":
            # One that is used up answers why it stays as it is, and not that it never was.
            return invitations_for(actor).filter(pk__in=rows.values("pk"))
        wanted = self.query if self.action == "list" else {}
        self._refuse_unknown(wanted)
        return narrowed_invitations(actor, wanted, at=at).filter(pk__in=rows.values("pk"))

    def _refuse_unknown(self, wanted: Mapping[str, Any]) -> None:
        """A filter that names what is not here finds nobody, and says so."""
        unknown = unknown_filters({"team": wanted.get("team")}, actor=self.request.actor)
        if not _is_known_role(wanted.get("role", "")):
            unknown.append("role")
        if unknown:
            raise InvalidParameters({name: [_("Not known here.")] for name in unknown})

    def list(self, request: Request) -> Response:
        """Invitations, newest first; without `state` those neither used nor cancelled."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One open invitation."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Invite an address; the link goes out by mail and works for 7 days, once."""
        data, actor, at = self.read(), self.request.actor, self.request.at
        role, teams = named_role(data.pop("role")), self._teams(data.pop("teams"))
        made = send_invitation(actor=actor, at=at, teams=teams, **role, **data)
        location = f"/api/v1/invitations/{made.pk}"
        return self.answer(self._again(made), status=201, location=location)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Give an invitation another role, or other teams, from its acceptance on.

        The link that is out stays good.
        """
        invitation, data = self.get_object(), self.read()
        actor, at = self.request.actor, self.request.at
        teams = self._teams(data["teams"]) if "teams" in data else None
        edit_invitation(invitation, actor=actor, at=at, role=data.get("role", ""), teams=teams)
        return self.answer(self._again(invitation))

    def _again(self, invitation: Invitation) -> Invitation:
        """As it is now, with the teams that the caller may know of."""
        return invitations_for(self.request.actor).get(pk=invitation.pk)

    @verb(detail=False, methods=["post"], url_path="bulk")
    def change(self, request: Request) -> Response:
        """Change many invitations at once.

        Without `digest` nothing happens: the answer says what would, and carries the digest that
        has it done. When something differs by then, 412 and nothing is done.
        """
        data, actor, at = self.read(), self.request.actor, self.request.at
        chosen, wish, digest = data["invitations"], Wish.asked(data), data["digest"]
        if digest:
            outcome = change_invited(chosen, wish, actor=actor, at=at, digest=digest)
        else:
            outcome = foresee_invited(chosen, wish, actor=actor, at=at)
        return self.answer({"outcome": outcome, "done": bool(digest)})

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
        sent = resend_invitation(invitation, actor=self.request.actor, at=self.request.at)
        return self.answer(self._again(sent))

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


def _is_known_role(role: str) -> bool:
    if ":" not in role:
        return role in {"", *dict(ROLES)}
    try:
        named_role(role)
    except Invalid:
        return False
    return True
