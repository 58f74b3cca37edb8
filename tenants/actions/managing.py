"""Roles and places in teams that an identity provider decides, and letting go of them again."""

from collections.abc import Collection
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from tenants.access import Actor, action
from tenants.actions.guards import mapped_role
from tenants.models import ManagedBy, Membership, Team, TeamMember
from tenants.permissions import BuiltInRole, Permission


@action(Permission.MEMBER_MANAGE)
def sync_role(
    membership: Membership, *, actor: Actor, role: str | None, managed_by: str
) -> Membership:
    """Give the role that a provider names (None: it stays), and note who decides it from now on.

    Owners stay owners and nobody becomes one: an identity provider hands out no ownership.
    """
    membership = Membership.objects.locked(membership.pk)
    if membership.role == BuiltInRole.OWNER:
        return membership
    fields = _take_role(membership, role, actor=actor)
    if managed_by and membership.role_managed_by != managed_by:
        membership.role_managed_by = managed_by
        fields.append("role_managed_by")
    if fields:
        membership.version += 1
        membership.save(update_fields=[*fields, "version"])
    return membership


def _take_role(membership: Membership, role: str | None, *, actor: Actor) -> list[str]:
    if role is None or role == membership.role_name:
        return []
    given = mapped_role(role, actor=actor)
    before = membership.custom_role.name if membership.custom_role else membership.role
    membership.role, membership.custom_role = given.role, given.custom
    record(
        EventName.MEMBER_ROLE_CHANGED,
        actor=actor,
        target=membership,
        before=before,
        after=given.name,
        reason="single sign-on",
    )
    return ["role", "custom_role"]


@action(Permission.TEAM_MANAGE)
def sync_places(
    membership: Membership,
    *,
    actor: Actor,
    joins: Collection[UUID],
    leaves: Collection[UUID],
    managed_by: str,
) -> None:
    """Put the member into teams and take them out of places that `managed_by` had decided."""
    membership = Membership.objects.locked(membership.pk)
    # Held, so that nobody deletes one of them before the place is there.
    teams = Team.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=joins)
    for team in teams.order_by("name"):
        if _placed(team, membership, managed_by=managed_by):
            record(EventName.TEAM_MEMBER_ADDED, actor=actor, target=membership, team=team.name)
    theirs = TeamMember.objects.filter(membership=membership, managed_by=managed_by)
    going = theirs.filter(team__in=leaves).exclude(managed_by=ManagedBy.PEOPLE)
    for place in going.select_related("team").order_by("team__name"):
        place.delete()
        record(EventName.TEAM_MEMBER_REMOVED, actor=actor, target=membership, team=place.team.name)


def _placed(team: Team, membership: Membership, *, managed_by: str) -> bool:
    try:
        with transaction.atomic():
            TeamMember.objects.create(team=team, membership=membership, managed_by=managed_by)
    except IntegrityError:
        return False
    return True


def release_roles(members: Collection[UUID], *, managed_by: str) -> int:
    """People decide these roles again, inside the caller's transaction and event."""
    rows = Membership.objects.filter(pk__in=members, role_managed_by=managed_by)
    return rows.update(role_managed_by=ManagedBy.PEOPLE)


def release_places(members: Collection[UUID], *, managed_by: str) -> int:
    """People decide these places again, inside the caller's transaction and event."""
    rows = TeamMember.objects.filter(membership__in=members, managed_by=managed_by)
    return rows.update(managed_by=ManagedBy.PEOPLE)
