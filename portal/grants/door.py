"""The one door through which the vendor's staff read a customer's data, or touch a setting.

Every read and every act checks the grant as it stands at that instant, and leaves a record that
the customer sees, in one transaction. There is no other way in.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import Target, record
from audit.refusals import Refusal
from portal.grants import rules
from portal.grants.actions.sessions import API
from portal.grants.actions.settling import report_tampering
from portal.grants.holding import hold_shared
from portal.grants.models import AccessRecord, Grant, SupportSession
from portal.grants.refusals import NoAccess, NotApproved, SessionNeeded
from portal.grants.rules import ACTING, SEEN_EVERY, Act, Capability, ScopeItem, ScopeKind
from portal.grants.signing import is_genuine
from portal.grants.standing import lapsed_because
from tenants.access import Actor, ActorKind, record_refusal
from tenants.permissions import Permission

# What each capability lets the catalogue's own filter pass; the grant's scope cuts it after.
_PERMISSIONS = {
    Capability.STATUS: frozenset({Permission.INTEGRATION_VIEW, Permission.CATALOG_VIEW_ALL}),
    Capability.METADATA: frozenset({Permission.CATALOG_VIEW, Permission.CATALOG_VIEW_ALL}),
}
_ACTS = {
    Act.TESTED: EventName.OBJECT_TESTED,
    Act.RAN: EventName.OBJECT_SYNCED,
    Act.CHANGED: EventName.OBJECT_CHANGED,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One object that leaves through the door, and which of its fields."""

    kind: str
    object_id: UUID
    label: str
    fields: tuple[str, ...]
    masked: bool
    act: Act = Act.READ
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Opening:
    """The door while it is open: who reads, what the grant covers, what was seen so far."""

    grant: Grant
    session: SupportSession
    reader: Actor
    scope: tuple[ScopeItem, ...]
    seen: list[Seen] = field(default_factory=list)

    @property
    def lifted(self) -> bool:
        """Whether the customer lets values be seen unmasked."""
        return Capability.VALUES in self.grant.capabilities

    @property
    def sampled(self) -> bool:
        """Whether the customer lets values be seen that were taken from the data."""
        return Capability.SAMPLES in self.grant.capabilities

    @property
    def whole_integrations(self) -> set[UUID]:
        return {i.object_id for i in self.scope if i.kind == ScopeKind.INTEGRATION}

    @property
    def single_resources(self) -> set[UUID]:
        rows = (i for i in self.scope if i.kind == ScopeKind.RESOURCE)
        return {i.object_id for i in rows if not rules.lies_in_nothing(i)}

    @property
    def all_integrations(self) -> set[UUID]:
        """Those named, and those of a named table; an id that lies in nothing names none.

        It could else be an integration's own, and open what the customer did not attach.
        """
        return {i.integration_id for i in self.scope if not rules.lies_in_nothing(i)}

    def note(self, seen: Seen) -> None:
        """Count an object as shown. Whatever is returned to the reader must pass here."""
        self.seen.append(seen)


class _Tampered(Exception):
    """The row no longer says what was approved."""


@contextmanager
def open_door(
    grant_id: UUID, *, visitor: Actor, at: datetime, capability: Capability, route: str
) -> Iterator[Opening]:
    """Read under a grant, inside its customer's scope.

    Raises NoAccess for every reason alike; SessionNeeded when the grant is good but no support
    session is live; NotApproved when it lets its holder look and not act. What was seen or done
    is recorded when the block ends, or nothing was seen or done at all.
    """
    try:
        with transaction.atomic():
            opening = _enter(grant_id, visitor=visitor, at=at, capability=capability)
            yield opening
            _leave_record(opening, at=at, route=route)
    except _Tampered:
        report_tampering(Grant.objects.get(pk=grant_id), actor=visitor, at=at)
        raise NoAccess from None
    except SessionNeeded:
        raise
    except Refusal as refusal:
        verb = "act_on_object" if capability in ACTING else "read_object"
        record_refusal(refusal, actor=visitor, verb=verb)
        raise


def _enter(grant_id: UUID, *, visitor: Actor, at: datetime, capability: Capability) -> Opening:
    hold_shared(grant_id)
    session, grant = _in_use(grant_id)
    if grant is None or not _is_theirs(grant, visitor, at):
        raise NoAccess
    scope = tuple(row.as_scope() for row in grant.scope.order_by("label", "id"))
    if not is_genuine(grant, scope):
        raise _Tampered
    if capability not in grant.capabilities:
        raise _not_covered(capability)
    if session is None or not session.live(at) or _is_anothers_way(session, visitor):
        raise SessionNeeded(_("Start a support session to read under this grant."))
    _see(session, at)
    return Opening(grant, session, _reader(visitor, grant), scope)


def _in_use(grant_id: UUID) -> tuple[SupportSession | None, Grant | None]:
    """Session and grant as one row; the grant alone where none is open."""
    opened = SupportSession.objects.filter(grant=grant_id, closed_at__isnull=True)
    session = opened.select_related("grant__case", "grant__organization").first()
    if session is not None:
        return session, session.grant
    rows = Grant.objects.filter(pk=grant_id).select_related("case", "organization")
    return None, rows.first()


def _is_anothers_way(session: SupportSession, visitor: Actor) -> bool:
    """A token begins a session without a second factor; a browser needs one of its own."""
    return visitor.token is None and session.channel == API


def _not_covered(capability: Capability) -> Refusal:
    if capability in ACTING:
        return NotApproved(_("The customer has not approved this: %s.") % capability.label)
    return NoAccess()


def _see(session: SupportSession, at: datetime) -> None:
    """Note that it is in use. Not at each read: readers at once would wait for this row."""
    if at - session.seen_at >= SEEN_EVERY:
        session.seen_at = at
        session.save(update_fields=["seen_at"])


def _is_theirs(grant: Grant, visitor: Actor, at: datetime) -> bool:
    if visitor.kind != ActorKind.STAFF or visitor.id != grant.staff_id:
        return False
    return grant.active(at) and not lapsed_because(grant, at)


def _reader(visitor: Actor, grant: Grant) -> Actor:
    """The person under the grant: rights from its capabilities, named with grant and case."""
    rights = [_PERMISSIONS.get(Capability(name), frozenset()) for name in grant.capabilities]
    return replace(
        visitor,
        kind=ActorKind.STAFF,
        permissions=frozenset().union(*rights),
        grant_id=grant.pk,
        acting_for=grant.case.reference,
    )


def _leave_record(opening: Opening, *, at: datetime, route: str) -> None:
    if not opening.seen:
        return
    AccessRecord.objects.bulk_create(
        AccessRecord(
            grant=opening.grant,
            session=opening.session,
            at=at,
            kind=seen.kind,
            object_id=seen.object_id,
            label=seen.label[:300],
            fields=list(seen.fields),
            masked=seen.masked,
            act=seen.act,
            before=dict(seen.before),
            after=dict(seen.after),
            route=route,
        )
        for seen in opening.seen
    )
    _announce_acts(opening, route)
    _announce_reads(opening, route)


def _announce_acts(opening: Opening, route: str) -> None:
    for seen in opening.seen:
        if seen.act == Act.READ:
            continue
        facts: dict[str, Any] = {}
        if seen.after:
            facts = {"before": dict(seen.before), "after": dict(seen.after)}
        record(
            _ACTS[seen.act],
            actor=opening.reader,
            target=Target(
                kind=seen.kind,
                id=seen.object_id,
                label=seen.label,
                reference=opening.grant.reference,
            ),
            route=route,
            **facts,
        )


def _announce_reads(opening: Opening, route: str) -> None:
    """Counts, no names: the log outlives the metadata and must hold none of it."""
    read = [seen for seen in opening.seen if seen.act == Act.READ]
    if not read:
        return
    kinds = [seen.kind for seen in read]
    counts = {kind: kinds.count(kind) for kind in kinds}
    parts = [f"{n} {kind}" if n == 1 else f"{n} {kind}s" for kind, n in counts.items()]
    target = Target(
        kind=kinds[0],
        id=read[0].object_id if len(read) == 1 else None,
        label=" and ".join(parts),
        reference=opening.grant.reference,
    )
    record(
        EventName.OBJECT_READ,
        actor=opening.reader,
        target=target,
        objects=[str(seen.object_id) for seen in read],
        route=route,
    )
