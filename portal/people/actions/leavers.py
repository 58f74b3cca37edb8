"""Requests for leavers, as their preview showed them."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from portal.people.actions.many import PreviewOvertaken
from portal.people.leavers import Leaver
from portal.people.leaving import Outcome, played
from tenants.access import Actor, action
from tenants.actions.guards import lock_organization
from tenants.permissions import Permission


@action(Permission.REVOCATION_FILE, step_up=True)
def file_chunk(
    leavers: Sequence[Leaver], *, actor: Actor, at: datetime, digest: str, reason: str = ""
) -> Outcome:
    """File for a few leavers what their preview showed, in one transaction.

    Raises PreviewOvertaken; then nothing of this chunk has happened.
    """
    lock_organization()
    outcome = played(leavers, actor=actor, at=at, reason=reason)
    if outcome.digest != digest:
        raise PreviewOvertaken(_("Something changed meanwhile. Look again, then decide."))
    return outcome
