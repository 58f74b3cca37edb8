"""What being in a team allows and opens, in words, and what else ends with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.access.effects import Effect, rehearse
from portal.catalog.actions import set_resource_access, set_team_access
from portal.catalog.models import Integration, Resource, TeamAccess, TeamResourceAccess
from portal.people.actions.many import PreviewOvertaken
from tenants.access import Actor
from tenants.models import DefaultTeam, Invitation, ServiceAccountPlace, Team
from tenants.permissions import PERMISSION_LABELS, Permission
from tenants.rights import known


def labels(permissions: frozenset[Permission]) -> tuple[str, ...]:
    return tuple(str(PERMISSION_LABELS[p]) for p in Permission if p in permissions)


def may_change_rights(team: Team, actor: Actor) -> bool:
    """Nobody touches a team that allows more than they may do."""
    manages = actor.may(Permission.TEAM_MANAGE) and actor.may(Permission.ROLE_MANAGE)
    return manages and known(team.permissions) <= actor.permissions


def ends_with(team: Team) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What besides people's access the team's end touches."""
    lines = list(_ending(team))
    return ((_("Also"), tuple(lines)),) if lines else ()


def _ending(team: Team) -> Iterator[str]:
    invited = Invitation.objects.filter(teams=team, accepted_at=None, cancelled_at=None).count()
    if invited:
        yield ngettext(
            "%(n)d open invitation no longer leads into it.",
            "%(n)d open invitations no longer lead into it.",
            invited,
        ) % {"n": invited}
    accounts = ServiceAccountPlace.objects.filter(team=team).count()
    if accounts:
        yield ngettext(
            "%(n)d service account no longer sees what it opens.",
            "%(n)d service accounts no longer see what it opens.",
            accounts,
        ) % {"n": accounts}
    if DefaultTeam.objects.filter(team=team).exists():
        yield _("Whoever comes in by single sign-on no longer joins it.")


@dataclass(frozen=True, slots=True)
class Opened:
    """One thing a team sees, and how."""

    kind: str
    id: UUID
    name: str
    level: str
    level_label: str


def opened_by(team: Team, actor: Actor) -> tuple[list[Opened], int]:
    """What was given to the team, and how much of it one may not know."""
    whole = TeamAccess.objects.filter(team=team).select_related("integration")
    singly = TeamResourceAccess.objects.filter(team=team).select_related("resource")
    seen = whole.filter(integration__in=Integration.objects.visible_to(actor))
    seen_singly = singly.filter(resource__in=Resource.objects.visible_to(actor))
    found = [_opened("integration", row.integration, row) for row in seen]
    found += [_opened("resource", row.resource, row) for row in seen_singly]
    hidden = whole.count() + singly.count() - len(found)
    return sorted(found, key=lambda each: (each.kind, each.name.casefold(), each.id)), hidden


def _opened(kind: str, thing: Any, row: TeamAccess | TeamResourceAccess) -> Opened:
    return Opened(kind, thing.pk, thing.name, row.level, str(row.get_level_display()))


def access_change(
    team: Team, thing: Integration | Resource, level: str, *, actor: Actor
) -> Callable[[], Any]:
    """The change that gives the level on the thing, or takes it away when there is none."""
    if isinstance(thing, Integration):
        return lambda: set_team_access(thing, actor=actor, team=team, level=level)
    return lambda: set_resource_access(thing, actor=actor, team=team, level=level)


def as_shown(change: Callable[[], Any], *, at: datetime, digest: str) -> Effect:
    """The effect of the change; with the digest of that very effect, it is made too.

    Raises PreviewOvertaken.
    """
    effect = rehearse(change, at=at)
    if digest and digest != effect.digest:
        raise PreviewOvertaken(_("Something changed meanwhile. Look again, then decide."))
    if digest:
        change()
    return effect
