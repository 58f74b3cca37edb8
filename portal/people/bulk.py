"""One change for many people: what it does to each, shown before and done exactly as shown."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.refusals import NotPermitted, Refusal, StepUpNeeded
from portal.access.effects import Effect, rehearse
from portal.tickets.actions import file_revocation
from tenants.access import Actor
from tenants.actions.guards import named_role
from tenants.actions.roles import change_role
from tenants.actions.teams import AlreadyInTeam, add_team_member, remove_team_member
from tenants.models import Membership, Team, TeamMember
from tenants.naming import role_labels

MOST: Final = 500


class Do(StrEnum):
    TEAM_ADD = "team_add"
    TEAM_REMOVE = "team_remove"
    ROLE = "role"
    REVOKE = "revoke"


DO_LABELS: Final = {
    Do.TEAM_ADD: gettext_lazy("Add to a team"),
    Do.TEAM_REMOVE: gettext_lazy("Take out of a team"),
    Do.ROLE: gettext_lazy("Change role"),
    Do.REVOKE: gettext_lazy("Revoke access"),
}


IN_TEAMS: Final = frozenset({Do.TEAM_ADD, Do.TEAM_REMOVE})


def people_of(ids: Collection[UUID], actor: Actor) -> list[Membership] | None:
    """The people by name; None when one of them is not here, or not for this actor to see."""
    rows = Membership.objects.visible_to(actor).filter(pk__in=ids)
    found = list(rows.select_related("custom_role", "organization").order_by("name", "id"))
    return found if len(found) == len(set(ids)) else None


def towards(team: Team | None, role: str) -> str:
    """What people or invitations are to get, as a heading names it; empty for other changes."""
    if team is not None:
        return team.name
    return role_labels().get(role, "") if role else ""


class NotInTeam(Refusal):
    code = "not-in-team"


class SameRole(Refusal):
    code = "same-role"


@dataclass(frozen=True, slots=True)
class Change:
    do: Do
    team: Team | None = None
    role: str = ""
    reason: str = ""

    @classmethod
    def asked(cls, data: Mapping[str, Any]) -> Self:
        """What a form or a call asked for; what belongs to another verb is left out."""
        do = Do(data["do"])
        return cls(
            do=do,
            team=data["team"] if do in IN_TEAMS else None,
            role=data["role"] if do == Do.ROLE else "",
            reason=data["reason"] if do == Do.REVOKE else "",
        )

    @property
    def label(self) -> str:
        return str(DO_LABELS[self.do])

    @property
    def towards(self) -> str:
        return towards(self.team, self.role)


class _By(NamedTuple):
    actor: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One person: changed, or why not."""

    member: Membership
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everybody chosen, and everybody whose access it alters."""

    change: Change
    lines: tuple[Line, ...]
    effect: Effect

    @property
    def label(self) -> str:
        return self.change.label

    @property
    def done(self) -> list[Line]:
        return [line for line in self.lines if not line.refusal]

    @property
    def refused(self) -> list[Line]:
        return [line for line in self.lines if line.refusal]

    @property
    def digest(self) -> str:
        """Names this outcome: what was shown is what is done, or nothing is."""
        team = self.change.team.pk if self.change.team else ""
        said = [f"{self.change.do} {team} {self.change.role} {self.effect.digest}"]
        said += [f"{line.member.pk} {line.refusal}" for line in self.lines]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def foresee(people: Sequence[Membership], change: Change, *, actor: Actor, at: datetime) -> Outcome:
    """What the change would come to. Raises StepUpNeeded."""
    lines: list[Line] = []
    effect = rehearse(lambda: lines.extend(play(people, change, actor=actor, at=at)), at=at)
    return Outcome(change, tuple(lines), effect)


def play(people: Sequence[Membership], change: Change, *, actor: Actor, at: datetime) -> list[Line]:
    """Change one after the other, each in a savepoint with an event of its own."""
    return [_line(member, change, actor=actor, at=at) for member in people]


def _line(member: Membership, change: Change, *, actor: Actor, at: datetime) -> Line:
    try:
        with transaction.atomic():
            _DO[change.do](member, change, _By(actor, at))
    except StepUpNeeded:
        raise
    except Refusal as refusal:
        return Line(member, refusal.message)
    return Line(member)


def _add(member: Membership, change: Change, by: _By) -> None:
    if member.status != Membership.Status.ACTIVE:
        raise NotPermitted(_("Access of %(name)s is blocked.") % {"name": member})
    team = _team_of(change)
    # Asked first: a broken constraint costs more than a look.
    if TeamMember.objects.filter(team=team, membership=member).exists():
        raise AlreadyInTeam(_("Is in %(team)s already.") % {"team": team})
    add_team_member(team, actor=by.actor, membership=member)


def _remove(member: Membership, change: Change, by: _By) -> None:
    team = _team_of(change)
    if not TeamMember.objects.filter(team=team, membership=member).exists():
        raise NotInTeam(_("Is not in %(team)s.") % {"team": team})
    remove_team_member(team, actor=by.actor, membership=member)


def _give_role(member: Membership, change: Change, by: _By) -> None:
    if member.pk == by.actor.id:
        raise NotPermitted(_("This is you. Nobody changes their own role along with others."))
    if member.role_name == change.role:
        raise SameRole(_("Has this role already."))
    change_role(member, actor=by.actor, at=by.at, **named_role(change.role))


def _revoke(member: Membership, change: Change, by: _By) -> None:
    file_revocation(member, actor=by.actor, at=by.at, reason=change.reason)


def _team_of(change: Change) -> Team:
    if change.team is None:
        raise NotInTeam(_("Choose a team."))
    return change.team


_DO: Final[dict[Do, Callable[[Membership, Change, _By], None]]] = {
    Do.TEAM_ADD: _add,
    Do.TEAM_REMOVE: _remove,
    Do.ROLE: _give_role,
    Do.REVOKE: _revoke,
}
