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
from portal.people.api.team_rights import TeamRights
from portal.people.listing import (
    TEAM_ORDER,
    places_in,
    teams_for,
)
from portal.people.serializers import teams as shapes
from portal.rest.versions import require_version, tagged
from tenants.actions.teams import (
    add_team_member,
    change_team,
    create_team,
    delete_team,
    describe_team,
    remove_team_member,
    set_team_lead,
)
from tenants.models import Membership, Team, TeamMember
from tenants.permissions import Permission


class TeamViewSet(TeamRights):
    model = Team
    ordering = TEAM_ORDER
    permissions = {
        "list": Permission.TEAM_VIEW,
        "retrieve": Permission.TEAM_VIEW,
        "create": create_team.permission,
        # What more it takes, the actions ask: its leads may do some of it.
        "partial_update": Permission.TEAM_VIEW,
        "destroy": delete_team.permission,
        "members": Permission.TEAM_VIEW,
        "add_member": Permission.TEAM_VIEW,
        "change_member": set_team_lead.permission,
        "remove_member": Permission.TEAM_VIEW,
        "join": Permission.TEAM_VIEW,
        "leave": Permission.TEAM_VIEW,
        **TeamRights.rights_permissions,
    }
    inputs = {
        "create": shapes.TeamInput,
        "partial_update": shapes.TeamChange,
        "add_member": shapes.PlaceInput,
        "change_member": shapes.PlaceChange,
        **TeamRights.rights_inputs,
    }
    outputs = {
        **dict.fromkeys(("list", "retrieve", "create", "partial_update"), shapes.TeamOutput),
        "members": shapes.PlacesOutput,
        **dict.fromkeys(("add_member", "change_member", "join"), shapes.PlaceOutput),
        **TeamRights.rights_outputs,
    }
    statuses = {"add_member": 201, "join": 201, "leave": 204}
    versioned = frozenset({"partial_update", "change_permissions"})

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
        """Rename, describe, show or hide a team. Its leads change the description alone."""
        team, data = self.get_object(), self.read()
        require_version(self.request, team.version)
        if data.keys() == {"description"}:
            describe_team(team, actor=self.request.actor, **data)
        else:
            kept = {name: getattr(team, name) for name in ("name", "description", "visibility")}
            change_team(team, actor=self.request.actor, **{**kept, **data})
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

    @verb(detail=True, methods=["patch"], url_path="members/<uuid:member>")
    def change_member(self, request: Request, pk: UUID, member: UUID) -> Response:
        """Let somebody in the team lead it, or no longer."""
        team = self.get_object()
        place = set_team_lead(
            team,
            actor=self.request.actor,
            membership=self._place(team, member).membership,
            **self.read(),
        )
        return self.answer(place)

    @change_member.mapping.delete
    def remove_member(self, request: Request, pk: UUID, member: UUID) -> Response:
        """Take a member out of the team."""
        team = self.get_object()
        membership = self._place(team, member).membership
        remove_team_member(team, actor=self.request.actor, membership=membership)
        return Response(status=204)

    @verb(detail=True, methods=["post"])
    def join(self, request: Request, pk: UUID) -> Response:
        """Come into a public team that allows no more than you may do already."""
        team = self.get_object()
        place = add_team_member(team, actor=self.request.actor, membership=self._self())
        return self.answer(place, status=201)

    @verb(detail=True, methods=["post"])
    def leave(self, request: Request, pk: UUID) -> Response:
        """Leave a team; 404 when you are not in it."""
        team = self.get_object()
        membership = self._place(team, self._self().pk).membership
        remove_team_member(team, actor=self.request.actor, membership=membership)
        return Response(status=204)

    def _self(self) -> Membership:
        own = self.request.actor.membership
        if own is None:
            raise Http404
        return own

    def _place(self, team: Team, member: UUID) -> TeamMember:
        place = places_in(team).filter(membership_id=member).first()
        if place is None:
            raise Http404
        return place

    def _member(self, pk: UUID) -> Membership:
        rows = Membership.objects.visible_to(self.request.actor)
        found: Membership | None = rows.filter(pk=pk, status=Membership.Status.ACTIVE).first()
        if found is None:
            raise Invalid(_("Some fields do not hold."), {"member": _("Not a member here.")})
        return found

    def _tagged(self, team: Team) -> Response:
        return tagged(self.answer(team), team.version)
