"""The one door through which the vendor's staff read a customer's data.

Every read checks the grant as it stands at that instant, and leaves a record that the customer
sees, in one transaction. There is no other way in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import Target, record
from portal.grants.actions.settling import report_tampering
from portal.grants.models import AccessRecord, Grant, SupportSession
from portal.grants.refusals import NoAccess, SessionNeeded
from portal.grants.rules import Capability, ScopeItem, ScopeKind
from portal.grants.signing import is_genuine
from portal.grants.staff import employed
from tenants.access import Actor, ActorKind, record_refusal
from tenants.permissions import Permission

# What each capability lets the catalogue's own filter pass; the grant's scope cuts it after.
_PERMISSIONS = {
    Capability.STATUS: frozenset({Permission.INTEGRATION_VIEW, Permission.CATALOG_VIEW_ALL}),
    Capability.METADATA: frozenset({Permission.CATALOG_VIEW, Permission.CATALOG_VIEW_ALL}),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One object that leaves through the door, and which of its fields."""

    kind: str
    object_id: UUID
    label: str
    fields: tuple[str, ...]
    masked: bool


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
    def whole_integrations(self) -> set[UUID]:
        return {i.object_id for i in self.scope if i.kind == ScopeKind.INTEGRATION}

    @property
    def single_resources(self) -> set[UUID]:
        return {i.object_id for i in self.scope if i.kind == ScopeKind.RESOURCE}

    @property
    def all_integrations(self) -> set[UUID]:
        return {i.integration_id for i in self.scope}

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
    session is live. What was seen is recorded when the block ends, or nothing was seen at all.
    """
    try:
        with transaction.atomic():
            opening = _enter(grant_id, visitor=visitor, at=at, capability=capability)
            yield opening
            _leave_record(opening, at=at, route=route)
    except _Tampered:
        report_tampering(Grant.objects.get(pk=grant_id), actor=visitor, at=at)
        raise NoAccess from None
    except NoAccess as refusal:
        record_refusal(refusal, actor=visitor, verb="read_object")
        raise


def _enter(grant_id: UUID, *, visitor: Actor, at: datetime, capability: Capability) -> Opening:
    _share_lock(grant_id)
    grant = Grant.objects.filter(pk=grant_id).select_related("case").first()
    if grant is None or not _is_theirs(grant, visitor, at):
        raise NoAccess
    scope = tuple(row.as_scope() for row in grant.scope.order_by("label", "id"))
    if not is_genuine(grant, scope):
        raise _Tampered
    if capability not in grant.capabilities:
        raise NoAccess
    session = SupportSession.objects.filter(grant=grant, closed_at__isnull=True).first()
    if session is None or not session.live(at):
        raise SessionNeeded(_("Start a support session to read under this grant."))
    session.seen_at = max(session.seen_at, at)
    session.save(update_fields=["seen_at"])
    return Opening(grant, session, _reader(visitor, grant), scope)


def _share_lock(grant_id: UUID) -> None:
    """Hold the row against a revocation until this read is recorded; readers do not wait.

    On SQLite the transaction already holds the only write lock.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("select 1 from grants_grant where id = %s for share", [grant_id])


def _is_theirs(grant: Grant, visitor: Actor, at: datetime) -> bool:
    if visitor.kind != ActorKind.STAFF or visitor.id != grant.staff_id:
        return False
    return grant.active(at) and employed(grant.staff_id, at=at) is not None


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
            route=route,
        )
        for seen in opening.seen
    )
    record(
        EventName.OBJECT_READ,
        actor=opening.reader,
        target=_read_target(opening),
        objects=[str(seen.object_id) for seen in opening.seen],
        route=route,
    )


def _read_target(opening: Opening) -> Target:
    """Counts, no names: the log outlives the metadata and must hold none of it."""
    kinds = [seen.kind for seen in opening.seen]
    counts = {kind: kinds.count(kind) for kind in kinds}
    parts = [f"{n} {kind}" if n == 1 else f"{n} {kind}s" for kind, n in counts.items()]
    first = opening.seen[0].object_id if len(opening.seen) == 1 else None
    return Target(
        kind=kinds[0], id=first, label=" and ".join(parts), reference=opening.grant.reference
    )
