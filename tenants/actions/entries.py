"""Entries: a session let into a workspace, proven again, and ended."""

from datetime import datetime
from uuid import UUID

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Refusal
from tenants.access import Actor, action
from tenants.devices import device_name
from tenants.models import Entry, Membership


class MembershipClosed(Refusal):
    status = 403
    code = "membership-closed"


@action(None)
def open_entry(
    membership: Membership,
    *,
    actor: Actor,
    at: datetime,
    session_key: str,
    method: str,
    has_second_factor: bool = False,
    connection_id: UUID | None = None,
    device: str = "",
    is_fresh: bool = True,
) -> Entry:
    """Let a browser session into the actor's workspace, in place of its earlier entry there.

    `is_fresh`: the person has just proven themselves, which counts as a step-up.
    Raises MembershipClosed.
    """
    membership = Membership.objects.locked(membership.pk)
    if not membership.is_active(at=at):
        raise MembershipClosed("Your access to this workspace was ended. Ask one of its admins.")
    Entry.objects.open().filter(session_key=session_key).update(
        ended_at=at, ended_because="signed in again"
    )
    entry: Entry = Entry.objects.create(
        session_key=session_key,
        membership=membership,
        method=method,
        connection_id=connection_id,
        has_second_factor=has_second_factor,
        authenticated_at=at,
        seen_at=at,
        step_up_at=at if is_fresh else None,
        address=actor.address or None,
        device=device_name(device),
    )
    Membership.objects.filter(pk=membership.pk).update(last_seen_at=at)
    record(EventName.ENTRY_OPENED, actor=actor, target=entry, method=method)
    return entry


@action(None)
def step_up(entry: Entry, *, actor: Actor, at: datetime, method: str) -> Entry:
    """Remember that the person has just proven themselves again; lasts 5 minutes."""
    entry = Entry.objects.locked(entry.pk)
    entry.step_up_at = at
    entry.save(update_fields=["step_up_at"])
    record(EventName.STEP_UP_PASSED, actor=actor, target=entry, method=method)
    return entry


@action(None)
def end_entry(entry: Entry, *, actor: Actor, at: datetime, because: str) -> Entry:
    """End one's own entry, on this device or another. Raises DoesNotExist for anybody else's."""
    own = Entry.objects.filter(membership=actor.membership).values("pk")
    entry = Entry.objects.select_for_update().get(pk=entry.pk, pk__in=own)
    if entry.ended_at is None:
        entry.ended_at, entry.ended_because = at, because
        entry.save(update_fields=["ended_at", "ended_because"])
        record(EventName.ENTRY_ENDED, actor=actor, target=entry, because=because)
    return entry


def end_entries_of(membership: Membership, *, at: datetime, because: str) -> int:
    """End every open entry of a member, inside the caller's transaction and event."""
    return (
        Entry.objects.open()
        .filter(membership=membership)
        .update(ended_at=at, ended_because=because)
    )
