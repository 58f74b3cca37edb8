"""Files a deletion: what goes is confirmed by name, and the way back stays open for a while."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid
from portal.tickets.actions.opening import open_for, open_ticket
from portal.tickets.actions.revoking import file_revocation
from portal.tickets.followers import tell_followers
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind, Scope, Status
from portal.tickets.subjects import Wish, subject_of
from tenants.access import Actor, action
from tenants.models import Membership, Organization, Policy
from tenants.permissions import Permission


@action(Permission.DELETION_FILE, step_up=True)
def file_deletion(
    wish: Wish | Scope,
    *,
    actor: Actor,
    at: datetime,
    confirmation: str,
    integration_id: UUID | None = None,
    reason: str = "",
    revoke: bool = False,
    source: str = "person",
) -> Ticket:
    """Open a deletion; nothing is touched before the cooling-off or a second person's yes.

    `confirmation` must be the name of what goes, letter for letter. With `revoke`, somebody who
    still has access loses it now. Raises Invalid, NotPermitted, LastOwner.
    """
    Organization.objects.locked(actor.organization_id)
    asked = wish if isinstance(wish, Wish) else Wish(wish, integration_id=integration_id)
    subject = subject_of(asked, actor=actor)
    _check_reason(asked.scope, reason)
    _check_confirmation(confirmation, subject.label)
    standing = open_for(Kind.DELETION, subject.id, asked.scope)
    if standing is not None:
        record(EventName.TICKET_ATTACHED, actor=actor, target=standing)
        return standing
    if subject.member is not None:
        _end_access(subject.member, actor=actor, at=at, revoke=revoke)
    named = {"scope": asked.scope, "subject_kind": subject.kind, "subject_label": subject.label}
    facts = {"subject_id": subject.id, "reason": reason, "source": source, **named}
    return _open_deletion(actor=actor, at=at, **facts)


def _open_deletion(*, actor: Actor, at: datetime, **fields: Any) -> Ticket:
    beginning = _beginning(Policy.objects.get(), at=at)
    ticket = open_ticket(Kind.DELETION, actor=actor, at=at, **fields, **beginning)
    tell_followers(ticket, actor=actor, at=at)
    if ticket.is_paused:
        waits_for = "a second person must confirm"
        record(EventName.TICKET_WAITING, actor=actor, target=ticket, reason=waits_for)
    return ticket


def _end_access(member: Membership, *, actor: Actor, at: datetime, revoke: bool) -> None:
    """Data is erased of people who are out, or on their way out: else it would grow again."""
    if member.status == Membership.Status.REVOKED:
        return
    standing = open_for(Kind.REVOCATION, member.pk)
    if standing is not None and standing.status != Status.SCHEDULED:
        return
    if not revoke:
        raise Invalid(
            _("%(name)s is still a member.") % {"name": member},
            {
                "revoke": _("Revoke the access of %(name)s first, or together with this request.")
                % {"name": member}
            },
        )
    file_revocation(member, actor=actor, at=at, reason=_("Their data is to be deleted."))


def _check_reason(scope: Scope, reason: str) -> None:
    if scope == Scope.CLOSE and not reason.strip():
        raise Invalid(
            _("Some fields need another look."),
            {"reason": _("Say why the workspace is closed; it stays on the request.")},
        )


def _check_confirmation(confirmation: str, label: str) -> None:
    if confirmation.strip() != label:
        raise Invalid(
            _("The name does not match."),
            {"confirmation": _("Type “%(name)s” to confirm.") % {"name": label}},
        )


def _beginning(policy: Policy, *, at: datetime) -> dict[str, Any]:
    """A second person first where the policy wants one, else the cooling-off at once."""
    if policy.second_person_for_deletion:
        return {"status": Status.AWAITING_SECOND}
    until = at + policy.cooling_off
    return {
        "status": Status.COOLING_OFF,
        "confirmed_at": at,
        "cooling_off_until": until,
        "wake_at": until,
    }
