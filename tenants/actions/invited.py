"""Invitations that are still out, changed one by one or many at once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Prefetch

from audit.names import EventName
from audit.recorder import record
from tenants.access import Actor, action
from tenants.actions.guards import (
    GivenRole,
    given_role,
    hold_teams,
    may_hand_out,
    named_role,
    only_by_owners,
)
from tenants.actions.invitations import (
    INVITATION_LASTS,
    InvitationNotOpen,
    allowed_domains,
    refuse_domain,
    role_said,
)
from tenants.models import Invitation, InvitationTeam, Team
from tenants.models.credentials import InvitationQuerySet
from tenants.permissions import ROLE_PERMISSIONS, Permission
from tenants.rights import united


@dataclass(frozen=True, slots=True)
class Holding:
    """What an invitation brings on acceptance: a role, and every team, hidden ones too."""

    role: frozenset[Permission]
    teams: tuple[Team, ...]

    def permissions(self) -> frozenset[Permission]:
        return united(self.role, (team.permissions for team in self.teams))


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be another; None leaves the role as it is."""

    given: GivenRole | None = None
    joins: tuple[Team, ...] = ()
    leaves: tuple[Team, ...] = ()

    def on(self, holding: Holding) -> Holding:
        gone = {team.pk for team in self.leaves}
        kept = {team.pk: team for team in holding.teams if team.pk not in gone}
        kept |= {team.pk: team for team in self.joins}
        role = self.given.permissions if self.given else holding.role
        return Holding(role, tuple(kept.values()))


def asked_role(name: str, *, actor: Actor) -> GivenRole:
    """A role as forms and the API name it, held until the transaction ends. Raises Invalid."""
    named = {"role": "", "custom_role": None} | named_role(name)
    return given_role(named["role"], named["custom_role"], organization=actor.organization)


def with_holdings(ids: Collection[UUID], *, lock: bool = False) -> list[Invitation]:
    """Invitations with their roles and all their teams, in few statements.

    Locked in the order of their ids, so that two who change many do not wait for each other.
    """
    rows = Invitation.objects.filter(pk__in=ids).select_related("custom_role").order_by("pk")
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    teams = Prefetch("teams", queryset=Team.objects.order_by("name"), to_attr="held_teams")
    return list(rows.prefetch_related(teams))


def holding_of(invitation: Invitation) -> Holding:
    """Of a row that `with_holdings` read."""
    custom = invitation.custom_role
    role = custom.held() if custom else ROLE_PERMISSIONS[invitation.role]
    return Holding(role, tuple(invitation.held_teams))  # type: ignore[attr-defined]


def refuse_unopen(invitation: Invitation, *, at: datetime, expired_too: bool = False) -> None:
    """Raises InvitationNotOpen, with the reason."""
    if invitation.accepted_at:
        raise InvitationNotOpen("This invitation was used already.")
    if invitation.cancelled_at:
        raise InvitationNotOpen("This invitation was cancelled.")
    if invitation.expires_at <= at and not expired_too:
        raise InvitationNotOpen("The link of this invitation has expired. Send it again first.")


def may_edit(invitation: Invitation, edit: Edit, *, actor: Actor, at: datetime) -> Holding:
    """What it brings from then on. Raises InvitationNotOpen, NotPermitted.

    As with members, nobody gives, or takes from others, what they do not hold themselves.
    """
    refuse_unopen(invitation, at=at)
    before = holding_of(invitation)
    after = edit.on(before)
    for held in (before.permissions(), after.permissions()):
        may_hand_out(held, actor=actor)
        only_by_owners(held, actor=actor)
    return after


@action(Permission.MEMBER_INVITE)
def edit_invitations(
    ids: Collection[UUID], edit: Edit, *, actor: Actor, at: datetime
) -> list[Invitation]:
    """Give invitations another role, or teams to join; the links that are out stay good.

    All of them or none. Raises InvitationNotOpen, NotPermitted, NotFound.
    """
    rows = with_holdings(ids, lock=True)
    edit = replace(edit, joins=tuple(hold_teams(edit.joins).values()))
    for invitation in rows:
        may_edit(invitation, edit, actor=actor, at=at)
    _write(rows, edit, actor)
    return rows


@action(Permission.MEMBER_INVITE)
def edit_invitation(
    invitation: Invitation,
    *,
    actor: Actor,
    at: datetime,
    role: str = "",
    teams: Iterable[Team] | None = None,
) -> Invitation:
    """Give one invitation another role by name, or exactly these of the teams one may know of.

    Raises Invalid, InvitationNotOpen, NotPermitted, NotFound.
    """
    # Before the role, as acceptance does: else the two could wait for each other.
    Invitation.objects.locked(invitation.pk)
    given = asked_role(role, actor=actor) if role else None
    joins: tuple[Team, ...] = ()
    leaves: tuple[Team, ...] = ()
    if teams is not None:
        joins = tuple(teams)
        leaves = tuple(Team.objects.visible_to(actor).exclude(pk__in=[t.pk for t in joins]))
    edit = Edit(given, joins, leaves)
    return edit_invitations([invitation.pk], edit, actor=actor, at=at)[0]


@action(Permission.MEMBER_INVITE)
def resend_invitations(ids: Collection[UUID], *, actor: Actor, at: datetime) -> list[Invitation]:
    """Send new links for another 7 days; the old ones stop working.

    Raises InvitationNotOpen, NotPermitted.
    """
    rows = with_holdings(ids, lock=True)
    domains = allowed_domains()
    for invitation in rows:
        may_resend(invitation, domains, actor=actor, at=at)
    expires_at = at + INVITATION_LASTS
    _all(rows).update(version=F("version") + 1, expires_at=expires_at)
    for invitation in rows:
        invitation.version += 1
        invitation.expires_at = expires_at
        record(
            EventName.INVITATION_SENT,
            actor=actor,
            target=invitation,
            role=role_said(invitation),
            version=invitation.version,
            founding=invitation.is_founding,
        )
    return rows


@action(Permission.MEMBER_INVITE)
def cancel_invitations(ids: Collection[UUID], *, actor: Actor, at: datetime) -> list[Invitation]:
    """Void the links. Raises InvitationNotOpen."""
    rows = with_holdings(ids, lock=True)
    for invitation in rows:
        refuse_unopen(invitation, at=at, expired_too=True)
    _all(rows).update(version=F("version") + 1, cancelled_at=at)
    for invitation in rows:
        invitation.version += 1
        invitation.cancelled_at = at
        record(EventName.INVITATION_CANCELLED, actor=actor, target=invitation)
    return rows


@action(Permission.MEMBER_INVITE)
def resend_invitation(invitation: Invitation, *, actor: Actor, at: datetime) -> Invitation:
    """One of them. Raises as `resend_invitations`."""
    return resend_invitations([invitation.pk], actor=actor, at=at)[0]


@action(Permission.MEMBER_INVITE)
def cancel_invitation(invitation: Invitation, *, actor: Actor, at: datetime) -> Invitation:
    """One of them. Raises as `cancel_invitations`."""
    return cancel_invitations([invitation.pk], actor=actor, at=at)[0]


def may_resend(
    invitation: Invitation, domains: frozenset[str], *, actor: Actor, at: datetime
) -> None:
    """Raises InvitationNotOpen, Invalid, and NotPermitted for what one could not have offered."""
    refuse_unopen(invitation, at=at, expired_too=True)
    if invitation.is_founding:
        return
    refuse_domain(invitation.email, domains)
    held = holding_of(invitation).permissions()
    may_hand_out(held, actor=actor)
    only_by_owners(held, actor=actor)


def _write(rows: Sequence[Invitation], edit: Edit, actor: Actor) -> None:
    """Rows first, in few statements; then an event for each that became another."""
    moves = [(invitation, _moved(invitation, edit)) for invitation in rows]
    InvitationTeam.objects.bulk_create(
        InvitationTeam(invitation=invitation, team=team)
        for invitation, move in moves
        for team in move.joins
    )
    if edit.leaves:
        InvitationTeam.objects.filter(invitation__in=rows, team__in=edit.leaves).delete()
    if edit.given:
        _all(rows).update(role=edit.given.role, custom_role=edit.given.custom)
    for invitation, move in moves:
        if move:
            record(EventName.INVITATION_CHANGED, actor=actor, target=invitation, **move.facts())


@dataclass(frozen=True, slots=True)
class _Move:
    """What becomes another in one invitation, for the log."""

    before: str
    after: str
    joins: tuple[Team, ...]
    leaves: tuple[Team, ...]

    def __bool__(self) -> bool:
        return self.before != self.after or bool(self.joins or self.leaves)

    def facts(self) -> dict[str, Any]:
        """Without what stays as it is."""
        role: dict[str, Any] = (
            {"before": self.before, "after": self.after} if self.before != self.after else {}
        )
        joins, leaves = (
            ", ".join(team.name for team in teams) for teams in (self.joins, self.leaves)
        )
        said = {"joins": joins, "leaves": leaves}
        return role | {name: value for name, value in said.items() if value}


def _moved(invitation: Invitation, edit: Edit) -> _Move:
    before = role_said(invitation)
    present = {team.pk for team in holding_of(invitation).teams}
    return _Move(
        before=before,
        after=edit.given.name if edit.given else before,
        joins=tuple(team for team in edit.joins if team.pk not in present),
        leaves=tuple(team for team in edit.leaves if team.pk in present),
    )


def _all(rows: Iterable[Invitation]) -> InvitationQuerySet:
    found: InvitationQuerySet = Invitation.objects.filter(pk__in=[row.pk for row in rows])
    return found
