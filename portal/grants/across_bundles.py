"""Bundles that customers sent, for the vendor's staff."""

from contextlib import AbstractContextManager
from uuid import UUID

from django.db.models import QuerySet

from portal.grants.across import loaded, visiting_row
from portal.grants.models import Bundle
from portal.ui.paging import Page, keyset
from tenants.access import Actor
from tenants.scoping import system_scope


def bundle_page(actor: Actor, *, cursor: str = "", size: int = 50) -> Page[Bundle]:
    with system_scope("bundles of staff"):
        rows = Bundle.unscoped.filter(sent_at__isnull=False).only("id", "organization_id")
        found = keyset(rows, order=("-id",), cursor=cursor, size=size)
    return Page(loaded(found.rows, actor, _bundles), found.next_cursor, found.cursor)


def visiting_bundle(actor: Actor, bundle_id: UUID) -> AbstractContextManager[tuple[Actor, Bundle]]:
    """One bundle in its customer's scope. Raises NotFound when it is not theirs to see."""
    return visiting_row(actor, Bundle, bundle_id, load=_bundles)


def _bundles(visitor: Actor, ids: list[UUID]) -> QuerySet[Bundle]:
    rows: QuerySet[Bundle] = Bundle.objects.visible_to(visitor).filter(pk__in=ids)
    return rows.select_related("case")
