"""More than one yes, where the customer's policy asks for it."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from portal.grants import rules
from portal.grants.actions.requests import keep_scope
from portal.grants.models import Grant
from portal.grants.refusals import OwnerNeeded, SamePerson
from portal.grants.rules import Verdict
from portal.grants.terms import Agreed
from tenants.access import Actor
from tenants.models import Membership, Policy
from tenants.permissions import Permission


def still_missing(grant: Grant, actor: Actor, at: datetime) -> int:
    """How many others must agree after this actor. Raises SamePerson for a second yes.

    Whoever has left, or may not decide any more, no longer counts.
    """
    yes = grant.decisions.filter(verdict=Verdict.APPROVED)
    people = set(yes.values_list("by_id", flat=True))
    # A machine is no second person beside the one who answers for it.
    if people & {actor.id, actor.membership.pk if actor.membership else None}:
        raise SamePerson(_("You have agreed already. Somebody else has to approve this too."))
    deciders = Membership.objects.holders(Permission.GRANT_DECIDE, at=at)
    standing = deciders.filter(pk__in=people).distinct().count()
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


def require_owner_if_long(
    grant: Grant, actor: Actor, at: datetime, *, until: tuple[datetime, timedelta]
) -> None:
    """One grant after the other must not become standing access without an owner's yes.

    `until` is the start and the length of what is about to open. Raises OwnerNeeded when the
    person would then have had access for more than 21 of 30 days.
    """
    if not is_long_stay(grant, at, until=until):
        return
    yes = grant.decisions.filter(verdict=Verdict.APPROVED).values("by_id")
    owners = Membership.objects.owners(at=at)
    if actor.id and owners.filter(Q(pk=actor.id) | Q(pk__in=yes)).exists():
        return
    raise OwnerNeeded(
        _("%(name)s would have had access for more than 21 of 30 days: an owner has to approve.")
        % {"name": grant.staff_name}
    )


def is_long_stay(grant: Grant, at: datetime, *, until: tuple[datetime, timedelta]) -> bool:
    """Looks at the 30 days that end with it, and with each later one that is approved already."""
    starts_at, duration = until
    end = rules.expiry(approved_at=at, starts_at=starts_at, duration=duration)
    rows = Grant.objects.filter(staff_id=grant.staff_id, approved_at__isnull=False)
    spans = [_span(row) for row in rows.exclude(pk=grant.pk).order_by("starts_at", "id")]
    spans.append((starts_at, end))
    ends = {each for _start, each in spans if each >= end}
    held = (rules.time_within(spans, each - rules.LONG_STAY, each) for each in ends)
    return any(total > rules.LONGEST for total in held)


def _span(grant: Grant) -> tuple[datetime, datetime]:
    """From its start to its end, or to where it was cut short."""
    assert grant.starts_at  # noqa: S101 - a constraint of the table
    assert grant.expires_at  # noqa: S101
    return grant.starts_at, min(grant.expires_at, grant.closed_at or grant.expires_at)
