"""One change for many invitations: what it does to each, shown before and done as shown."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.refusals import Refusal
from portal.people.bulk import NotInTeam, SameRole, towards
from tenants.access import Actor
from tenants.actions.guards import GivenRole
from tenants.actions.invitations import allowed_domains
from tenants.actions.invited import (
    Edit,
    asked_role,
    holding_of,
    may_edit,
    may_resend,
    refuse_unopen,
    with_holdings,
)
from tenants.actions.teams import AlreadyInTeam
from tenants.models import Invitation, Team
from tenants.permissions import PERMISSION_LABELS, Permission


class Ask(StrEnum):
    TEAM_ADD = "team_add"
    TEAM_REMOVE = "team_remove"
    ROLE = "role"
    RESEND = "resend"
    CANCEL = "cancel"


ASK_LABELS: Final = {
    Ask.TEAM_ADD: gettext_lazy("Add to a team"),
    Ask.TEAM_REMOVE: gettext_lazy("Take out of a team"),
    Ask.ROLE: gettext_lazy("Change role"),
    Ask.RESEND: gettext_lazy("Send again"),
    Ask.CANCEL: gettext_lazy("Cancel the invitations"),
}
ABOUT_TEAMS: Final = frozenset({Ask.TEAM_ADD, Ask.TEAM_REMOVE})
EDITS: Final = ABOUT_TEAMS | {Ask.ROLE}


@dataclass(frozen=True, slots=True)
class Wish:
    do: Ask
    team: Team | None = None
    role: str = ""

    @classmethod
    def asked(cls, data: Mapping[str, Any]) -> Self:
        """What a form or a call asked for; what belongs to another verb is left out."""
        do = Ask(data["do"])
        return cls(
            do=do,
            team=data["team"] if do in ABOUT_TEAMS else None,
            role=data["role"] if do == Ask.ROLE else "",
        )

    @property
    def label(self) -> str:
        return str(ASK_LABELS[self.do])

    @property
    def towards(self) -> str:
        return towards(self.team, self.role)

    def edit(self, actor: Actor) -> Edit:
        """Raises Invalid for a role that is not here."""
        teams = (self.team,) if self.team else ()
        if self.do == Ask.ROLE:
            return Edit(given=asked_role(self.role, actor=actor))
        return Edit(joins=teams) if self.do == Ask.TEAM_ADD else Edit(leaves=teams)


@dataclass(frozen=True, slots=True)
class InvitedLine:
    """One invitation: what it brings from then on, or why it stays as it is."""

    invitation: Invitation
    said: str = ""
    refusal: str = ""
    gained: tuple[Permission, ...] = ()
    lost: tuple[Permission, ...] = ()

    @property
    def gained_labels(self) -> list[str]:
        return [str(PERMISSION_LABELS[permission]) for permission in self.gained]

    @property
    def lost_labels(self) -> list[str]:
        return [str(PERMISSION_LABELS[permission]) for permission in self.lost]

    @property
    def is_changed(self) -> bool:
        return not self.refusal

    @property
    def reason(self) -> str:
        return self.refusal or self.said


@dataclass(frozen=True, slots=True)
class InvitedOutcome:
    wish: Wish
    lines: tuple[InvitedLine, ...]

    @property
    def label(self) -> str:
        return self.wish.label

    @property
    def done(self) -> list[InvitedLine]:
        return [line for line in self.lines if not line.refusal]

    @property
    def refused(self) -> list[InvitedLine]:
        return [line for line in self.lines if line.refusal]

    @property
    def is_edit(self) -> bool:
        """Something else is brought on acceptance; the link stays."""
        return self.wish.do in EDITS

    @property
    def digest(self) -> str:
        """Names this outcome: what was shown is what is done, or nothing is."""
        wish = self.wish
        said = [f"{wish.do} {wish.team.pk if wish.team else ''} {wish.role}"]
        said += [f"{line.invitation.pk} {line.invitation.version} {line}" for line in self.lines]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def invitations_of(ids: Collection[UUID], actor: Actor) -> list[UUID] | None:
    """These ids, each once; None when one of them is not here, or not for this actor to see."""
    wanted = set(ids)
    seen = Invitation.objects.visible_to(actor).filter(pk__in=wanted)
    found = list(seen.order_by("email", "id").values_list("pk", flat=True))
    return found if len(found) == len(wanted) else None


def foresee_invited(
    ids: Sequence[UUID], wish: Wish, *, actor: Actor, at: datetime, lock: bool = False
) -> InvitedOutcome:
    """What the wish would come to; with `lock`, nobody alters these until the transaction ends."""
    with transaction.atomic():
        rows = with_holdings(ids, lock=lock)
        judge = _judge(wish, actor, at)
        lines = [_line(invitation, judge) for invitation in rows]
    return InvitedOutcome(wish, tuple(sorted(lines, key=lambda line: line.invitation.email)))


Judge = Callable[[Invitation], InvitedLine]


def _line(invitation: Invitation, judge: Judge) -> InvitedLine:
    try:
        return judge(invitation)
    except Refusal as refusal:
        return InvitedLine(invitation, refusal=refusal.message)


def _judge(wish: Wish, actor: Actor, at: datetime) -> Judge:
    if wish.do == Ask.RESEND:
        return _sending(actor, at)
    if wish.do == Ask.CANCEL:
        return _cancelling(at)
    edit = wish.edit(actor)

    def judge(invitation: Invitation) -> InvitedLine:
        after = may_edit(invitation, edit, actor=actor, at=at).permissions()
        before = holding_of(invitation).permissions()
        said = _said(invitation, wish, edit.given)
        return InvitedLine(
            invitation, said, gained=_ordered(after - before), lost=_ordered(before - after)
        )

    return judge


def _sending(actor: Actor, at: datetime) -> Judge:
    domains = allowed_domains()

    def judge(invitation: Invitation) -> InvitedLine:
        may_resend(invitation, domains, actor=actor, at=at)
        return InvitedLine(invitation, _("Gets a new link for 7 days; the old one stops working."))

    return judge


def _cancelling(at: datetime) -> Judge:
    def judge(invitation: Invitation) -> InvitedLine:
        refuse_unopen(invitation, at=at, expired_too=True)
        return InvitedLine(invitation, _("The link stops working."))

    return judge


def _said(invitation: Invitation, wish: Wish, given: GivenRole | None) -> str:
    """Raises AlreadyInTeam, NotInTeam, SameRole where nothing would become another."""
    if given is not None:
        return _role_said(invitation, wish, given)
    team = wish.team
    if team is None:
        raise NotInTeam(_("Choose a team."))
    is_in = any(place.pk == team.pk for place in holding_of(invitation).teams)
    if wish.do == Ask.TEAM_ADD:
        if is_in:
            raise AlreadyInTeam(_("Is to join %(team)s already.") % {"team": team})
        return _("Joins %(team)s on accepting.") % {"team": team}
    if not is_in:
        raise NotInTeam(_("Is not to join %(team)s.") % {"team": team})
    return _("No longer joins %(team)s on accepting.") % {"team": team}


def _role_said(invitation: Invitation, wish: Wish, given: GivenRole) -> str:
    if invitation.role_name == wish.role:
        raise SameRole(_("Has this role already."))
    after = given.custom.name if given.custom else given.role.label
    return _("%(before)s becomes %(after)s.") % {
        "before": invitation.role_label,
        "after": after,
    }


def _ordered(permissions: frozenset[Permission]) -> tuple[Permission, ...]:
    return tuple(permission for permission in Permission if permission in permissions)
