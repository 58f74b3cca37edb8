"""The same change for many people at once."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from audit.refusals import NotPermitted, StaleVersion
from portal.access.effects import difference
from portal.access.standing import standings
from portal.people.bulk import IN_TEAMS, Change, Outcome, play
from tenants.access import Actor, action
from tenants.actions.guards import lock_organization
from tenants.models import Membership
from tenants.permissions import Permission


class PreviewOvertaken(StaleVersion):
    """What would happen now is not what was shown; nothing happened."""


@action(Permission.MEMBER_MANAGE)
def change_people(
    people: Sequence[Membership], change: Change, *, actor: Actor, at: datetime, digest: str
) -> Outcome:
    """Do what the preview with this digest showed, to the letter. Raises PreviewOvertaken."""
    return _as_shown(people, change, actor=actor, at=at, digest=digest)


@action(None)
def change_places(
    people: Sequence[Membership], change: Change, *, actor: Actor, at: datetime, digest: str
) -> Outcome:
    """Put people into a team or take them out, as the preview showed; its leads may.

    Raises PreviewOvertaken, NotPermitted.
    """
    if change.do not in IN_TEAMS:
        raise NotPermitted(_("This is about places in a team alone."))
    return _as_shown(people, change, actor=actor, at=at, digest=digest)


def _as_shown(
    people: Sequence[Membership], change: Change, *, actor: Actor, at: datetime, digest: str
) -> Outcome:
    lock_organization()
    before = standings(at=at)
    lines = play(people, change, actor=actor, at=at)
    outcome = Outcome(change, tuple(lines), difference(before, standings(at=at)))
    if outcome.digest != digest:
        raise PreviewOvertaken(_("Something changed meanwhile. Look again, then decide."))
    return outcome
