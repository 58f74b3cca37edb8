"""What requests add to the registries of the layers below."""

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.tickets import metrics
from portal.tickets.models import Step, Ticket
from portal.tickets.plans import title_of_step
from portal.tickets.rules import OPEN, SECOND_PERSON_WINDOW, Status
from portal.tickets.showing import title_of
from portal.ui import navigation, searching, waiting
from portal.ui.navigation import NavItem
from portal.ui.searching import Found, Provider
from portal.ui.waiting import WaitingItem
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole, Permission


def late_badge(actor: Actor) -> int | None:
    return Ticket.objects.visible_to(actor).still_open().late(now()).count() or None


def waiting_for(actor: Actor, _at: datetime) -> list[WaitingItem]:
    """Deletions that need a second person, and requests that stopped."""
    items: list[WaitingItem] = []
    rows = Ticket.objects.visible_to(actor)
    if actor.may(Permission.DELETION_FILE):
        second = rows.filter(status=Status.AWAITING_SECOND)
        if actor.membership is not None:
            second = second.exclude(requester=actor.membership)
        items += [_item(t, actor, _("Confirm: %(title)s")) for t in second]
    if actor.may(Permission.TICKET_WORK):
        stopped = rows.filter(status=Status.BLOCKED)
        items += [_item(t, actor, _("Stopped: %(title)s")) for t in stopped]
        items += [_asked(step, actor) for step in _asking(actor)]
    return items


def _asking(actor: Actor) -> Sequence[Step]:
    """Steps asked of this person, of nobody by name, or of somebody who is out."""
    steps = Step.objects.asking().filter(ticket__status__in=sorted(OPEN), is_for_vendor=False)
    mine = Q(assignee__isnull=True) | Q(assignee=actor.membership)
    if actor.membership is not None and actor.membership.role == BuiltInRole.OWNER:
        # Until the sweep has given it to one of them by name.
        mine |= ~Q(assignee__status=Membership.Status.ACTIVE)
    return list(steps.filter(mine).select_related("ticket").order_by("answer_due_at"))


def _asked(step: Step, actor: Actor) -> WaitingItem:
    ticket = step.ticket
    return WaitingItem(
        title=title_of_step(ticket.kind, step),
        url=reverse("step-answer", args=[actor.organization.slug, ticket.number, step.pk]),
        icon="hand",
        since=step.waiting_since or ticket.received_at,
        reference=ticket.number,
        detail=title_of(ticket),
        due_at=step.answer_due_at,
    )


def _item(ticket: Ticket, actor: Actor, words: str) -> WaitingItem:
    due = ticket.due_at
    if ticket.status == Status.AWAITING_SECOND:
        due = ticket.received_at + SECOND_PERSON_WINDOW
    return WaitingItem(
        title=words % {"title": title_of(ticket)},
        url=reverse("ticket-show", args=[actor.organization.slug, ticket.number]),
        icon="ticket-check",
        since=ticket.received_at,
        reference=ticket.number,
        due_at=due,
    )


def find_tickets(actor: Actor, text: str, limit: int) -> Sequence[Found]:
    hit = Q(number__iexact=text) | Q(subject_label__icontains=text)
    rows = Ticket.objects.visible_to(actor).filter(hit).order_by("-id")[:limit]
    slug = actor.organization.slug
    return [
        Found(
            title=title_of(row),
            url=reverse("ticket-show", args=[slug, row.number]),
            reference=row.number,
            detail=row.get_status_display(),
        )
        for row in rows
    ]


navigation.register(
    NavItem(
        section="",
        label=gettext_lazy("Requests"),
        url_name="ticket-list",
        icon="ticket-check",
        permission=Permission.TICKET_VIEW,
        order=20,
        badge=late_badge,
    )
)
waiting.register(waiting_for)
searching.register(
    Provider(label=gettext_lazy("Requests"), icon="ticket-check", order=10, search=find_tickets)
)
import_module("portal.tickets.sweeps")
metrics.install()
import_module("portal.tickets.api")
