"""Disputes of all customers, for the vendor's leads who answer them."""

from contextlib import AbstractContextManager
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.grants.across import loaded, visiting_row
from portal.grants.models import Dispute
from portal.grants.rules import DisputeStatus
from portal.ui.paging import Page, keyset
from tenants.access import Actor
from tenants.permissions import Permission
from tenants.scoping import system_scope


def dispute_page(
    actor: Actor, *, status: str | None = None, cursor: str = "", size: int = 50
) -> Page[Dispute]:
    """Disputes by their clocks, the most urgent first."""
    wanted = Q(status=status) if status else Q()
    if not actor.may(Permission.GRANT_ENDORSE):
        wanted = Q(pk__in=[])
    with system_scope("disputes of staff"):
        rows = Dispute.unscoped.filter(wanted).only("id", "due_at", "organization_id")
        found = keyset(rows, order=("due_at", "id"), cursor=cursor, size=size)
    return Page(loaded(found.rows, actor, _disputes), found.next_cursor, found.cursor)


def count_to_answer(actor: Actor) -> int:
    """Those that wait for this lead; never one about their own read."""
    if actor.id is None or not actor.may(Permission.GRANT_ENDORSE):
        return 0
    with system_scope("disputes of staff"):
        rows = Dispute.unscoped.filter(status=DisputeStatus.OPEN)
        return rows.exclude(grant__staff_id=actor.id).count()


def visiting_dispute(
    actor: Actor, dispute_id: UUID
) -> AbstractContextManager[tuple[Actor, Dispute]]:
    """One dispute in its customer's scope. Raises NotFound when it is not theirs to see."""
    return visiting_row(actor, Dispute, dispute_id, load=_disputes)


def _disputes(visitor: Actor, ids: list[UUID]) -> QuerySet[Dispute]:
    rows: QuerySet[Dispute] = Dispute.objects.visible_to(visitor).filter(pk__in=ids)
    return rows.select_related("case", "grant", "record")
