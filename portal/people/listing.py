"""Lists of people as the screens and the API show them: filtered by who looks, in few queries."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.access import Actor
from tenants.actions.teams import is_open_to
from tenants.models import ApiToken, Invitation, InvitationTeam, Membership, Team, TeamMember
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
    return invitations_for(actor).filter(accepted_at__isnull=True, cancelled_at__isnull=True)


def invitations_in(actor: Actor, state: str, *, at: datetime) -> QuerySet[Invitation]:
    """Invitations in one of INVITATION_STATES; an unknown state means those not used yet."""
    unused = open_invitations(actor)
    found = {
        "expired": unused.filter(expires_at__lte=at),
        "accepted": invitations_for(actor).filter(accepted_at__isnull=False),
        "cancelled": invitations_for(actor).filter(cancelled_at__isnull=False),
    }
    return found.get(state, unused)


def narrowed_invitations(
    actor: Actor, wanted: Mapping[str, Any] | None, *, at: datetime
) -> QuerySet[Invitation]:
    """Apply the list's filters; None, for what is unknown, finds nobody."""
    if wanted is None:
        return Invitation.objects.none()
    rows = invitations_in(actor, wanted.get("state") or "", at=at)
    if text := wanted.get("q"):
        rows = rows.filter(Q(name__icontains=text) | Q(email__icontains=text))
    if role := wanted.get("role"):
        rows = rows.filter(holds_role(str(role)))
    if team := wanted.get("team"):
        places = InvitationTeam.objects.filter(team__in=Team.objects.visible_to(actor))
        rows = rows.filter(pk__in=places.filter(team=team).values("invitation_id"))
    return rows


def holds_role(role: str) -> Q:
    """A built-in role by its name, a custom one as `custom:` and its id."""
    kind, colon, pk = role.partition(":")
    return Q(custom_role=pk) if colon else Q(role=kind, custom_role__isnull=True)


def invitations_for(actor: Actor) -> QuerySet[Invitation]:
    """All of them, whatever became of them, with the teams this actor may know of."""
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
    """One's own personal tokens, or all that one sees: a machine's are the machine's."""
    rows = ApiToken.objects.visible_to(actor).select_related("owner", "service_account")
    if everybody:
        return rows
    return rows.filter(owner=actor.membership, service_account__isnull=True)


def holders(*, at: datetime) -> Counter[str]:
    """How many people have each role: a built-in one by name, others by id."""
    active = Membership.objects.active(at=at).order_by()
    rows = active.values_list("role", "custom_role").annotate(n=Count("pk"))
    return Counter({role if made is None else str(made): n for role, made, n in rows})


def offered_roles(actor: Actor, roles: Iterable[BuiltInRole]) -> list[BuiltInRole]:
    """Of these roles, those the actor may hand out: nobody gives what they lack."""
    return [
        role
        for role in BuiltInRole
        if role in set(roles) and ROLE_PERMISSIONS[role] <= actor.permissions
    ]


def offered_scopes(actor: Actor) -> list[Permission]:
    return [permission for permission in Permission if permission in actor.permissions]
