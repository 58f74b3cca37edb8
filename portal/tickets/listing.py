"""Which requests somebody looks for: one set of conditions for page, board, CSV, API and CLI."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.tickets import rules
from portal.tickets.models import Ticket
from portal.tickets.models.ticket import TicketQuerySet
from portal.ui.paging import cursor_after, keyset
from portal.ui.waiting import waiting_for
from tenants.access import Actor
from tenants.models import Membership

ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "newest": ("-id",),
    "oldest": ("id",),
    "due": ("due_at", "id"),
    "-due": ("-due_at", "-id"),
}
ORDER_LABELS: Final = {
    "newest": _("Newest first"),
    "oldest": _("Oldest first"),
    "due": _("Due first"),
    "-due": _("Due last"),
}
SOON: Final = timedelta(hours=12)
# At risk is told by share, and the promise is of one length: so it is a time before the end too.
AT_RISK: Final = rules.TIME_TO_FULFIL * (rules.LATE_LEVEL - rules.AT_RISK_LEVEL) / rules.LATE_LEVEL
VIEWS: Final = {
    "open": _("Open"),
    "later": _("Due in more than 12 h"),
    "soon": _("Due in 6 to 12 h"),
    "at_risk": _("At risk, due in under 6 h"),
    "late_open": _("Late, still open"),
    "late": _("Late, open or done"),
    "waiting": _("Waiting for you"),
    "paused": _("Clock stands still"),
    "done_today": _("Done today"),
    "done": _("Done"),
    "withdrawn": _("Withdrawn"),
}
_PAUSED = sorted(rules.PAUSED)


class Look(NamedTuple):
    """Who looks, when, and in which zone their day begins."""

    actor: Actor
    at: datetime
    zone: tzinfo = UTC


@dataclass(frozen=True, kw_only=True)
class TicketFilter:
    """Empty values do not restrict. `since` is included, `until` is not."""

    kind: str = ""
    status: str = ""
    scope: str = ""
    source: str = ""
    view: str = ""
    number: str = ""
    person: str = ""
    requester: str = ""
    q: str = ""
    since: datetime | None = None
    until: datetime | None = None
    sort: str = "newest"

    @property
    def order(self) -> tuple[str, ...]:
        return ORDERS[self.sort or "newest"]

    @property
    def is_used(self) -> bool:
        return self != TicketFilter(sort=self.sort)

    def anywhere(self) -> "TicketFilter":
        """The same without the clock's part: the board shows that in its columns."""
        return replace(self, view="")


def tickets_for(look: Look, wanted: TicketFilter | None) -> TicketQuerySet:
    """The rows a filter leaves; None, for what is unknown, finds nothing."""
    rows: TicketQuerySet = Ticket.objects.visible_to(look.actor)
    if wanted is None:
        return rows.none()
    fields = ("kind", "status", "scope", "source", "number")
    plain = {name: value for name in fields if (value := getattr(wanted, name))}
    rows = rows.filter(_about(wanted, look.actor), _period(wanted), **plain)
    return rows.filter(in_view(wanted.view, look)) if wanted.view else rows


def in_view(view: str, look: Look) -> Q:
    """One of VIEWS as a condition."""
    return _BY_VIEW[view](look)


def neighbours(
    ticket: Ticket, rows: TicketQuerySet, order: tuple[str, ...]
) -> tuple[Ticket | None, Ticket | None]:
    """The one before and the one after in a list, whether the request still is in it or not."""
    back = tuple(name.removeprefix("-") if name[0] == "-" else f"-{name}" for name in order)
    return _beyond(ticket, rows, back), _beyond(ticket, rows, order)


def _beyond(ticket: Ticket, rows: TicketQuerySet, order: tuple[str, ...]) -> Ticket | None:
    page = keyset(rows, order=order, cursor=cursor_after(ticket, order), size=1)
    return page.rows[0] if page.rows else None


def _about(wanted: TicketFilter, actor: Actor) -> Q:
    condition = Q()
    if wanted.q:
        condition &= (
            Q(number__istartswith=wanted.q)
            | Q(subject_label__icontains=wanted.q)
            | Q(requester_name__icontains=wanted.q)
            | Q(reason__icontains=wanted.q)
        )
    if wanted.person:
        condition &= Q(subject_label__icontains=wanted.person) | Q(
            subject_id__in=_people(wanted.person, actor)
        )
    if wanted.requester:
        condition &= Q(requester_name__icontains=wanted.requester) | Q(
            requester__in=_people(wanted.requester, actor)
        )
    return condition


def _people(text: str, actor: Actor) -> object:
    """By id or by a part of the address, as far as this actor may know of them."""
    people = Membership.objects.visible_to(actor)
    try:
        return people.filter(pk=UUID(text)).values("pk")
    except ValueError:
        return people.filter(email__icontains=text).values("pk")


def _period(wanted: TicketFilter) -> Q:
    condition = Q()
    if wanted.since:
        condition &= Q(received_at__gte=wanted.since)
    if wanted.until:
        condition &= Q(received_at__lt=wanted.until)
    return condition


def _unmet(_look: Look) -> Q:
    return Q(status__in=sorted(rules.OPEN - rules.PAUSED))


def _later(look: Look) -> Q:
    return _unmet(look) & Q(due_at__gt=look.at + SOON)


def _soon(look: Look) -> Q:
    return _unmet(look) & Q(due_at__gt=look.at + AT_RISK, due_at__lte=look.at + SOON)


def _at_risk(look: Look) -> Q:
    return _unmet(look) & Q(due_at__gte=look.at, due_at__lte=look.at + AT_RISK)


def _late_open(look: Look) -> Q:
    return _unmet(look) & Q(due_at__lt=look.at)


def _late(look: Look) -> Q:
    return Q(pk__in=Ticket.objects.late(look.at).values("pk"))


def _waiting(look: Look) -> Q:
    """By what is on the page of what waits: features above put their own there."""
    return Q(number__in=waiting_numbers(look))


def waiting_numbers(look: Look) -> list[str]:
    return sorted({item.reference for item in waiting_for(look.actor, look.at) if item.reference})


def _done_today(look: Look) -> Q:
    midnight = datetime.combine(look.at.astimezone(look.zone).date(), time.min, look.zone)
    return Q(met_at__gte=midnight, met_at__lte=look.at)


_BY_VIEW: Final[Mapping[str, Callable[[Look], Q]]] = {
    "open": lambda _look: Q(status__in=sorted(rules.OPEN)),
    "later": _later,
    "soon": _soon,
    "at_risk": _at_risk,
    "late_open": _late_open,
    "late": _late,
    "waiting": _waiting,
    "paused": lambda _look: Q(status__in=_PAUSED),
    "done_today": _done_today,
    "done": lambda _look: Q(status__in=sorted(rules.FULFILLED)),
    "withdrawn": lambda _look: Q(status__in=sorted(rules.ENDED - rules.FULFILLED)),
}
