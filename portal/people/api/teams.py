"""Teams over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid
from portal.people.listing import (
    TEAM_ORDER,
    places_in,
    teams_for,
)
from portal.people.serializers import teams as shapes
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.actions.teams import (
    add_team_member,
    change_team,
    create_team,
    delete_team,
    remove_team_member,
)
from tenants.models import Membership, Team
from tenants.permissions import Permission


class TeamViewSet(PortalViewSet):
    model = Team
    ordering = TEAM_ORDER
    permissions = {
        "list": Permission.TEAM_VIEW,
        "retrieve": Permission.TEAM_VIEW,
        "create": create_team.permission,
        "partial_update": change_team.permission,
        "destroy": delete_team.permission,
        "members": Permission.TEAM_VIEW,
        "add_member": Permission.TEAM_MANAGE,
        "remove_member": Permission.TEAM_MANAGE,
    }
    inputs = {
        "create": shapes.TeamInput,
        "partial_update": shapes.TeamChange,
        "add_member": shapes.PlaceInput,
    }
    outputs = {
        **dict.fromkeys(("list", "retrieve", "create", "partial_update"), shapes.TeamOutput),
        "members": shapes.PlacesOutput,
        "add_member": shapes.PlaceOutput,
    }
    statuses = {"add_member": 201}
    versioned = frozenset({"partial_update"})

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return teams_for(self.request.actor).filter(pk__in=rows.values("pk"))

    def list(self, request: Request) -> Response:
        """Teams by name. Private teams of others do not appear."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One team, with the version as ETag."""
        return self._tagged(self.get_object())

    def create(self, request: Request) -> Response:
        """Make a team."""
        made = create_team(actor=self.request.actor, at=self.request.at, **self.read())
        team = teams_for(self.request.actor).get(pk=made.pk)
        response = self.answer(team, status=201, location=f"/api/v1/teams/{team.pk}")
        return tagged(response, team.version)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Rename, describe, show or hide a team."""
        team = self.get_object()
        require_version(self.request, team.version)
        kept = {name: getattr(team, name) for name in ("name", "description", "visibility")}
        change_team(team, actor=self.request.actor, **{**kept, **self.read()})
        return self._tagged(self.get_object())

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete a team; what only it opened closes with it."""
        delete_team(self.get_object(), actor=self.request.actor)
        return Response(status=204)

    @verb(detail=True, methods=["get"])
    def members(self, request: Request, pk: UUID) -> Response:
        """Who is in the team, its leads first."""
        return self.answer({"results": places_in(self.get_object())})

    @members.mapping.post
    def add_member(self, request: Request, pk: UUID) -> Response:
        """Put a member into the team."""
        team, data = self.get_object(), self.read()
        place = add_team_member(
            team,
            actor=self.request.actor,
            membership=self._member(data["member"]),
            is_lead=data["is_lead"],
        )
        return self.answer(place, status=201)

    @verb(detail=True, methods=["delete"], url_path="members/<uuid:member>")
    def remove_member(self, request: Request, pk: UUID, member: UUID) -> Response:
        """Take a member out of the team."""
        team = self.get_object()
        place = places_in(team).filter(membership_id=member).first()
        if place is None:
            raise Http404
        remove_team_member(team, actor=self.request.actor, membership=place.membership)
        return Response(status=204)

    def _member(self, pk: UUID) -> Membership:
        rows = Membership.objects.visible_to(self.request.actor)
        found: Membership | None = rows.filter(pk=pk, status=Membership.Status.ACTIVE).first()
        if found is None:
            raise Invalid(_("Some fields do not hold."), {"member": _("Not a member here.")})
        return found

    def _tagged(self, team: Team) -> Response:
        return tagged(self.answer(team), team.version)
