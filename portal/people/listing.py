"""Lists of people as the screens and the API show them: filtered by who looks, in few queries."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.access import Actor
from tenants.actions.teams import is_open_to
from tenants.models import ApiToken, Invitation, Membership, Team, TeamMember
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission
from tenants.rights import known

TEAM_ORDER = ("name", "id")
INVITATION_STATES = {
    "": _("Not used yet"),
    "expired": _("Expired"),
    "accepted": _("Accepted"),
    "cancelled": _("Cancelled"),
}


def teams_for(actor: Actor) -> QuerySet[Team]:
    """Teams this actor may know of, with the number of their active members."""
    return Team.objects.visible_to(actor).annotate(
        size=Count("places", filter=Q(places__membership__status=Membership.Status.ACTIVE))
    )


def may_join(team: Team, actor: Actor) -> bool:
    """Whether somebody outside may come in by themselves: nobody raises themselves by it."""
    return is_open_to(actor, team) and known(team.permissions) <= actor.permissions


def places_in(team: Team) -> QuerySet[TeamMember]:
    return (
        TeamMember.objects.filter(team=team)
        .select_related("membership", "membership__custom_role")
        .order_by("-is_lead", "membership__name", "id")
    )


def open_invitations(actor: Actor) -> QuerySet[Invitation]:
    """Invitations that were neither used nor cancelled, the expired ones among them."""
    return _invitations(actor).filter(accepted_at__isnull=True, cancelled_at__isnull=True)


def invitations_in(actor: Actor, state: str, *, at: datetime) -> QuerySet[Invitation]:
    """Invitations in one of INVITATION_STATES; an unknown state means those not used yet."""
    unused = open_invitations(actor)
    found = {
        "expired": unused.filter(expires_at__lte=at),
        "accepted": _invitations(actor).filter(accepted_at__isnull=False),
        "cancelled": _invitations(actor).filter(cancelled_at__isnull=False),
    }
    return found.get(state, unused)


def _invitations(actor: Actor) -> QuerySet[Invitation]:
    return (
        Invitation.objects.visible_to(actor)
        .select_related("invited_by", "custom_role")
        .prefetch_related(
            Prefetch(
                "teams",
                queryset=Team.objects.visible_to(actor).order_by("name"),
                to_attr="seen_teams",
            )
        )
    )


def tokens_for(actor: Actor, *, everybody: bool = False) -> QuerySet[ApiToken]:
    rows = ApiToken.objects.visible_to(actor).select_related("owner")
    return rows if everybody else rows.filter(owner=actor.membership)


def offered_roles(actor: Actor, roles: Iterable[BuiltInRole]) -> list[BuiltInRole]:
    """Of these roles, those the actor may hand out: nobody gives what they lack."""
    return [
        role
        for role in BuiltInRole
        if role in set(roles) and ROLE_PERMISSIONS[role] <= actor.permissions
    ]


def offered_scopes(actor: Actor) -> list[Permission]:
    return [permission for permission in Permission if permission in actor.permissions]
