"""The brake: how many have lost access lately, and where the rest waits for a decision."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.names import EventName
from audit.recorder import record
from portal.directory.models import (
    DirectoryGroup,
    DirectoryHold,
    DirectorySettings,
    DirectoryUser,
    HeldChange,
)
from portal.directory.rules import (
    BRAKE_PERCENT,
    BRAKE_WINDOW,
    PRIVILEGED_ROLES,
    ChangeKind,
    HoldStatus,
    removal_limit,
)
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind
from tenants.access import Actor
from tenants.models import Membership

SOURCE = "directory"


@dataclass(frozen=True)
class Load:
    """How near the brake is."""

    removed: int
    limit: int

    @property
    def is_full(self) -> bool:
        return self.removed >= self.limit


def brake_percent() -> int:
    settings = DirectorySettings.objects.first()
    return settings.brake_percent if settings else BRAKE_PERCENT


def load_of(*, at: datetime) -> Load:
    """Counted from the requests that were filed, which no deletion of an entry makes fewer."""
    removed = Ticket.objects.filter(
        kind=Kind.REVOCATION, source=SOURCE, received_at__gt=at - BRAKE_WINDOW
    ).count()
    people = DirectoryUser.objects.filter(
        is_active=True, membership__status=Membership.Status.ACTIVE
    ).count()
    return Load(removed, removal_limit(people + removed, brake_percent()))


@dataclass(frozen=True)
class Asked:
    """A removal as it was asked for: by which call, when, and whose doing it is."""

    actor: Actor
    at: datetime
    call_id: UUID


def hold_removal(user: DirectoryUser, kind: ChangeKind, asked: Asked, *, limit: int) -> None:
    """Keep a removal back, in the open hold. The caller has locked the organization."""
    hold = _waiting_hold(asked, limit=limit)
    known = HeldChange.objects.filter(hold=hold, user=user, group=None)
    if known.exists():
        known.update(kind=kind)
        return
    HeldChange.objects.create(
        hold=hold, user=user, kind=kind, asked_at=asked.at, call_id=asked.call_id
    )
    record(EventName.DIRECTORY_REMOVAL_HELD, actor=asked.actor, target=user)


def hold_leaving(group: DirectoryGroup, people: list[UUID], asked: Asked) -> None:
    """Keep the emptying of a privileged group back. The caller has locked the organization."""
    hold = _waiting_hold(asked, limit=0)
    HeldChange.objects.filter(hold=hold, group=group).delete()
    HeldChange.objects.bulk_create(
        HeldChange(
            hold=hold,
            user_id=pk,
            group=group,
            kind=ChangeKind.LEAVE,
            asked_at=asked.at,
            call_id=asked.call_id,
        )
        for pk in people
    )
    record(EventName.DIRECTORY_REMOVAL_HELD, actor=asked.actor, target=group, people=len(people))


def is_privileged(group: DirectoryGroup) -> bool:
    gives_more = group.custom_role_id is not None or bool(group.team and group.team.permissions)
    return gives_more or group.role in PRIVILEGED_ROLES


def forget_held(user: DirectoryUser, *, actor: Actor, at: datetime) -> None:
    """The identity provider took its removal back; an empty hold asks nothing of anybody."""
    gone, _counts = HeldChange.objects.filter(
        user=user, group=None, hold__status=HoldStatus.WAITING
    ).delete()
    if gone:
        record(EventName.DIRECTORY_REMOVAL_TAKEN_BACK, actor=actor, target=user)
        close_if_empty(actor=actor, at=at)


def close_if_empty(*, actor: Actor, at: datetime) -> None:
    hold = DirectoryHold.objects.filter(status=HoldStatus.WAITING).first()
    if hold is None or hold.changes.exists():
        return
    hold.status, hold.decided_at = HoldStatus.DISMISSED, at
    hold.version += 1
    hold.save(update_fields=["status", "decided_at", "version"])
    record(EventName.DIRECTORY_HOLD_DISMISSED, actor=actor, target=hold, people=0)


def _waiting_hold(asked: Asked, *, limit: int) -> DirectoryHold:
    hold = DirectoryHold.objects.filter(status=HoldStatus.WAITING).first()
    if hold is None:
        hold = DirectoryHold.objects.create(opened_at=asked.at, limit=limit)
        record(EventName.DIRECTORY_HELD, actor=asked.actor, target=hold, limit=limit)
    return hold
