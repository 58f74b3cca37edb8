"""Lists of people as the screens and the API show them: filtered by who looks, in few queries."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery

from tenants.access import Actor
from tenants.models import ApiToken, Entry, Invitation, Membership, Team, TeamMember
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission

MEMBER_ORDER = ("name", "id")
TEAM_ORDER = ("name", "id")


def members_for(actor: Actor) -> QuerySet[Membership]:
    """Members with the teams this actor may know of and the way they last came in."""
    newest = Entry.objects.filter(membership=OuterRef("pk")).order_by("-authenticated_at")
    places = TeamMember.objects.filter(team__in=Team.objects.visible_to(actor))
    return (
        Membership.objects.visible_to(actor)
        .select_related("custom_role")
        .annotate(last_method=Subquery(newest.values("method")[:1]))
        .prefetch_related(
            Prefetch(
                "places",
                queryset=places.select_related("team").order_by("team__name"),
                to_attr="seen_places",
            )
        )
    )


def narrowed(
    rows: QuerySet[Membership], wanted: Mapping[str, Any], *, actor: Actor
) -> QuerySet[Membership]:
    """Apply the list's filters; what they name beyond one's sight finds nobody."""
    if text := wanted.get("q"):
        rows = rows.filter(Q(name__icontains=text) | Q(email__icontains=text))
    for field in ("role", "status", "source"):
        if value := wanted.get(field):
            rows = rows.filter(**{field: value})
    if team := wanted.get("team"):
        places = TeamMember.objects.filter(team_id=team, team__in=Team.objects.visible_to(actor))
        rows = rows.filter(pk__in=places.values("membership_id"))
    return rows


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
