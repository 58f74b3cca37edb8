"""People through the API: members, invitations, teams, tokens and the policy."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid
from portal.people import serializers as shapes
from portal.people.listing import (
    MEMBER_ORDER,
    TEAM_ORDER,
    members_for,
    narrowed,
    places_in,
    teams_for,
)
from portal.people.policies import spans, written
from portal.rest.routing import register, register_single
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.actions.invitations import cancel_invitation, resend_invitation, send_invitation
from tenants.actions.members import change_role
from tenants.actions.policies import change_policy
from tenants.actions.teams import (
    add_team_member,
    change_team,
    create_team,
    delete_team,
    remove_team_member,
)
from tenants.actions.tokens import issue_token, revoke_token
from tenants.models import ApiToken, DefaultTeam, Invitation, Membership, Policy, Team
from tenants.permissions import Permission


class MemberViewSet(PortalViewSet):
    model = Membership
    ordering = MEMBER_ORDER
    permissions = {
        "list": Permission.MEMBER_VIEW,
        "retrieve": Permission.MEMBER_VIEW,
        "role": change_role.permission,
    }
    parameters = {"list": shapes.MemberQuery}
    inputs = {"role": shapes.RoleInput}
    outputs = dict.fromkeys(permissions, shapes.MemberOutput)
    versioned = frozenset({"role"})

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.query if self.action == "list" else {}
        seen = members_for(self.request.actor).filter(pk__in=rows.values("pk"))
        return narrowed(seen, wanted, actor=self.request.actor)

    def list(self, request: Request) -> Response:
        """Members by name; departed people stay listed with their status."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One member, with the version as ETag."""
        member = self.get_object()
        return tagged(self.answer(member), member.version)

    @verb(detail=True, methods=["post"])
    def role(self, request: Request, pk: UUID) -> Response:
        """Give another built-in role. Nobody raises their own, or gives more than they hold."""
        member = self.get_object()
        require_version(self.request, member.version)
        wanted = self.read()["role"]
        change_role(member, actor=self.request.actor, at=self.request.at, role=wanted)
        changed = self.get_object()
        return tagged(self.answer(changed), changed.version)


class InvitationViewSet(PortalViewSet):
    model = Invitation
    permissions = {
        "list": send_invitation.permission,
        "retrieve": send_invitation.permission,
        "create": send_invitation.permission,
        "resend": resend_invitation.permission,
        "destroy": cancel_invitation.permission,
    }
    inputs = {"create": shapes.InvitationInput, "resend": shapes.NoInput}
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


class TokenViewSet(PortalViewSet):
    model = ApiToken
    permissions = {
        "list": issue_token.permission,
        "retrieve": issue_token.permission,
        "create": issue_token.permission,
        "destroy": issue_token.permission,
    }
    inputs = {"create": shapes.TokenInput}
    outputs = {
        **dict.fromkeys(("list", "retrieve"), shapes.TokenOutput),
        "create": shapes.TokenMade,
    }
    secrets = ("token",)

    def list(self, request: Request) -> Response:
        """Your tokens, newest first; everybody's if you manage tokens. Never their text."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One token, without its text."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Make a token. Needs a personal token whose holder stepped up in the last 5 minutes."""
        data = self.read()
        lasts = timedelta(days=data.pop("days"))
        token, text = issue_token(actor=self.request.actor, at=self.request.at, lasts=lasts, **data)
        token.token = text  # type: ignore[attr-defined]
        return self.answer(token, status=201, location=f"/api/v1/tokens/{token.pk}")

    def destroy(self, request: Request, pk: UUID) -> Response:
        """End a token at once: your own, or anybody's if you manage tokens."""
        revoke_token(self.get_object(), actor=self.request.actor, at=self.request.at)
        return Response(status=204)


class PolicyViewSet(PortalViewSet):
    model = Policy
    permissions = {"retrieve": Permission.POLICY_VIEW, "partial_update": change_policy.permission}
    inputs = {"partial_update": shapes.PolicyInput}
    outputs = dict.fromkeys(permissions, shapes.PolicyOutput)
    versioned = frozenset({"partial_update"})

    def retrieve(self, request: Request) -> Response:
        """What the workspace asks of a sign-in, a token, a deletion and a grant."""
        return self._shown(Policy.objects.get())

    def partial_update(self, request: Request) -> Response:
        """Change named values. Needs a step-up within the last five minutes."""
        policy = Policy.objects.get()
        require_version(self.request, policy.version)
        changes = spans(self.read())
        changed = change_policy(policy, actor=self.request.actor, version=policy.version, **changes)
        return self._shown(changed)

    def _shown(self, policy: Policy) -> Response:
        shown = {
            **written(policy),
            "sso_enforced": policy.enforces_sso(at=self.request.at),
            "sso_enforced_at": policy.sso_enforced_at,
            "sso_confirmed_at": policy.sso_confirmed_at,
            "default_teams": DefaultTeam.objects.order_by("team_id").values_list(
                "team_id", flat=True
            ),
        }
        return tagged(self.answer(shown), policy.version)


register("members", MemberViewSet, basename="api-member")
register("invitations", InvitationViewSet, basename="api-invitation")
register("teams", TeamViewSet, basename="api-team")
register("tokens", TokenViewSet, basename="api-token")
register_single(
    "policy",
    PolicyViewSet,
    basename="api-policy",
    verbs={"get": "retrieve", "patch": "partial_update"},
)
