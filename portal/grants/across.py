"""What staff work on at all customers: ids by the system's view, rows in each one's own scope."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from audit.refusals import NotFound
from portal.grants.models import Bundle, Case, Dispute, Grant, SupportSession
from portal.grants.rules import OPEN, CaseStatus, GrantStatus
from portal.grants.showing import GrantCard, card
from portal.grants.staff import as_staff, customers_by_id
from portal.ui.paging import Page, keyset
from tenants.access import Actor
from tenants.permissions import Permission
from tenants.scoping import organization_scope, system_scope

MOST = 100


Row = TypeVar("Row", Bundle, Case, Dispute, Grant)


def case_page(
    actor: Actor, *, status: str | None = None, cursor: str = "", size: int = 50
) -> Page[Case]:
    """Cases of all customers, newest first, each with its organization and integrations."""
    with system_scope("cases of staff"):
        wanted = Q(status=status) if status else Q()
        rows = Case.unscoped.filter(wanted).only("id", "organization_id")
        found = keyset(rows, order=("-id",), cursor=cursor, size=size)
    cases = loaded(found.rows, actor, _cases)
    return Page(cases, found.next_cursor, found.cursor)


def count_open_cases() -> int:
    with system_scope("cases of staff"):
        return Case.unscoped.filter(status=CaseStatus.OPEN).count()


def grant_page(actor: Actor, *, cursor: str = "", size: int = 50) -> Page[Grant]:
    """One's own requests and grants, and for a lead all that wait for a check."""
    with system_scope("grants of staff"):
        rows = Grant.unscoped.filter(_within_reach(actor)).only("id", "organization_id")
        found = keyset(rows, order=("-id",), cursor=cursor, size=size)
    return Page(loaded(found.rows, actor, _grants), found.next_cursor, found.cursor)


def open_grants_of(actor: Actor, at: datetime) -> list[GrantCard]:
    """One's own open requests and grants, for the first page."""
    return _cards(Q(staff_id=actor.id, status__in=sorted(OPEN)), actor, at)


def grants_to_check(actor: Actor, at: datetime) -> list[GrantCard]:
    """Colleagues' requests that wait for a support lead; never one's own."""
    if not actor.may(Permission.GRANT_ENDORSE):
        return []
    return _cards(_to_check(actor), actor, at)


def count_to_check(actor: Actor) -> int:
    if not actor.may(Permission.GRANT_ENDORSE):
        return 0
    with system_scope("grants of staff"):
        return Grant.unscoped.filter(_to_check(actor)).count()


def live_session_of(actor: Actor, at: datetime) -> tuple[Grant, SupportSession] | None:
    """The support session that this person has open anywhere; there is one at most."""
    if actor.id is None:
        return None
    with system_scope("grants of staff"):
        mine = SupportSession.unscoped.filter(staff_id=actor.id, closed_at__isnull=True)
        session = next((row for row in mine.select_related("grant") if row.live(at)), None)
    if session is None:
        return None
    found = loaded([session.grant], actor, _grants)
    return (found[0], session) if found and found[0].active(at) else None


def _to_check(actor: Actor) -> Q:
    return Q(status=GrantStatus.VENDOR_REVIEW) & ~Q(staff_id=actor.id)


def _within_reach(actor: Actor) -> Q:
    if actor.may(Permission.GRANT_REQUEST):
        mine = Q(staff_id=actor.id) | Q(filed_by_id=actor.id)
        return mine | _to_check(actor) if actor.may(Permission.GRANT_ENDORSE) else mine
    return Q() if actor.may(Permission.GRANT_VIEW) else Q(pk__in=[])


def _cards(wanted: Q, actor: Actor, at: datetime) -> list[GrantCard]:
    with system_scope("grants of staff"):
        rows = Grant.unscoped.filter(wanted).only("id", "organization_id")
        newest = list(rows.order_by("-id")[:MOST])
    return [card(grant, at) for grant in loaded(newest, actor, _grants)]


def _grants(visitor: Actor, ids: list[UUID]) -> QuerySet[Grant]:
    rows: QuerySet[Grant] = Grant.objects.visible_to(visitor).filter(pk__in=ids)
    return rows.select_related("case").prefetch_related("scope")


def _cases(visitor: Actor, ids: list[UUID]) -> QuerySet[Case]:
    rows: QuerySet[Case] = Case.objects.visible_to(visitor).filter(pk__in=ids)
    return rows.prefetch_related("integrations")


@contextmanager
def visiting_row(
    actor: Actor,
    model: type[Row],
    row_id: UUID,
    *,
    load: Callable[[Actor, list[UUID]], QuerySet[Row]],
) -> Iterator[tuple[Actor, Row]]:
    """One row in its customer's scope, by its id. Raises NotFound when it is not theirs to see."""
    with system_scope("rows of staff"):
        place = model.unscoped.filter(pk=row_id).values_list("organization_id", flat=True)
        found = set(place) if actor.organization.is_vendor else set()
    for organization in customers_by_id(found).values():
        with organization_scope(organization.pk):
            visitor = as_staff(actor, organization)
            for row in load(visitor, [row_id]):
                yield visitor, row
                return
    raise NotFound(_("There is nothing like that here."))


def loaded(
    found: Sequence[Row], actor: Actor, load: Callable[[Actor, list[UUID]], QuerySet[Row]]
) -> list[Row]:
    """The rows again, whole, each read in its own organization's scope."""
    grouped: dict[UUID, list[UUID]] = {}
    for row in found:
        grouped.setdefault(row.organization_id, []).append(row.pk)
    whole: dict[UUID, Row] = {}
    customers = customers_by_id(set(grouped))
    for organization_id, organization in customers.items():
        with organization_scope(organization_id):
            for row in load(as_staff(actor, organization), grouped[organization_id]):
                row.organization = organization
                whole[row.pk] = row
    return [whole[row.pk] for row in found if row.pk in whole]
