"""Lists of people as the screens and the API show them: filtered by who looks, in few queries."""

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from tenants.access import Actor
from tenants.models import ApiToken, Invitation, Membership, Team, TeamMember
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission

TEAM_ORDER = ("name", "id")


def teams_for(actor: Actor) -> QuerySet[Team]:
    """Teams this actor may know of, with the number of their active members."""
    return Team.objects.visible_to(actor).annotate(
        size=Count("places", filter=Q(places__membership__status=Membership.Status.ACTIVE))
    )


def places_in(team: Team) -> QuerySet[TeamMember]:
    return (
        TeamMember.objects.filter(team=team)
        .select_related("membership", "membership__custom_role")
        .order_by("-is_lead", "membership__name", "id")
    )


def open_invitations(actor: Actor) -> QuerySet[Invitation]:
    """Invitations that were neither used nor cancelled, the expired ones among them."""
    return (
        Invitation.objects.visible_to(actor)
        .filter(accepted_at__isnull=True, cancelled_at__isnull=True)
        .select_related("invited_by")
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
