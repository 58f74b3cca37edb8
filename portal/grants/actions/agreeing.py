"""More than one yes, where the customer's policy asks for it."""

from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from portal.grants.actions.requests import keep_scope
from portal.grants.models import Grant
from portal.grants.refusals import SamePerson
from portal.grants.rules import Verdict
from portal.grants.terms import Agreed
from tenants.access import Actor
from tenants.models import Membership, Policy


def still_missing(grant: Grant, actor: Actor, at: datetime) -> int:
    """How many others must agree after this actor. Raises SamePerson for a second yes.

    Whoever has lost their access since no longer counts.
    """
    yes = grant.decisions.filter(verdict=Verdict.APPROVED)
    people = set(yes.values_list("by_id", flat=True))
    if actor.id in people:
        raise SamePerson(_("You have agreed already. Somebody else has to approve this too."))
    standing = Membership.objects.active(at=at).filter(pk__in=people).count()
    return max(Policy.objects.get().approval_quorum - standing - 1, 0)


def keep_agreement(
    grant: Grant, agreed: Agreed, *, actor: Actor, at: datetime, starts_at: datetime, missing: int
) -> Grant:
    """Write down a yes that opens nothing yet: whoever follows can only narrow its terms."""
    grant.requested_duration = agreed.duration
    grant.requested_start_at = starts_at if starts_at > at else None
    grant.version += 1
    keep_scope(grant, agreed.scope)
    grant.save(
        update_fields=[
            "capabilities",
            "scope_hash",
            "requested_duration",
            "requested_start_at",
            "version",
        ]
    )
    record(EventName.GRANT_AGREED, actor=actor, target=grant, missing=missing)
    return grant
