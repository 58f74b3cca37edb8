"""The four numbers at the top of the first page, and the requests behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.catalog.models import Integration, Resource
from portal.grants.models import Grant
from portal.tickets.models import Ticket
from portal.tickets.reporting import took
from portal.ui.durations import duration
from tenants.access import Actor
from tenants.permissions import Permission

LOOK_BACK = timedelta(days=30)
SOON = timedelta(hours=6)
# Enough for an honest median; a page must not read years of requests.
MOST_ROWS = 5000
NONE = "—"


@dataclass(frozen=True, kw_only=True)
class Figure:
    label: str
    value: str
    note: str = ""
    tone: str = "neutral"
    url: str = ""


@dataclass(frozen=True)
class Kept:
    """One fulfilled request: when it came, when it was due, when it was met."""

    received_at: datetime
    due_at: datetime
    met_at: datetime

    @property
    def was_late(self) -> bool:
        return self.met_at > self.due_at


def kept_since(actor: Actor, since: datetime) -> list[Kept]:
    """The fulfilled requests of the last weeks, newest first."""
    rows = Ticket.objects.visible_to(actor).filter(met_at__gte=since).order_by("-met_at")
    instants = rows.values_list("received_at", "due_at", "met_at")[:MOST_ROWS]
    return [Kept(received, due, met) for received, due, met in instants if met is not None]


def figures_for(actor: Actor, at: datetime, kept: Sequence[Kept]) -> list[Figure]:
    """What this person's role lets them see."""
    figures: list[Figure] = []
    if actor.may(Permission.TICKET_VIEW):
        figures += _request_figures(actor, at, kept)
    if actor.may(Permission.GRANT_VIEW):
        figures.append(_grant_figure(actor, at))
    if not actor.may(Permission.TICKET_VIEW):
        figures += _catalogue_figures(actor)
    return figures


def _request_figures(actor: Actor, at: datetime, kept: Sequence[Kept]) -> list[Figure]:
    waiting = Ticket.objects.visible_to(actor).unmet(at).values_list("due_at", flat=True)
    due = list(waiting.order_by("due_at")[:MOST_ROWS])
    late = sum(1 for instant in due if instant < at)
    soon = sum(1 for instant in due if at <= instant <= at + SOON)
    url = reverse("ticket-list", args=[actor.organization.slug])
    return [
        Figure(
            label=_("Open requests"),
            value=str(Ticket.objects.visible_to(actor).still_open().count()),
            note=_open_note(late, soon),
            tone="danger" if late else "warn" if soon else "neutral",
            url=url,
        ),
        Figure(
            label=_("Median time to close"),
            value=_median(kept),
            note=_("last 30 days") if kept else _("nothing closed in 30 days"),
        ),
        _share_kept(kept, late),
    ]


def _median(kept: Sequence[Kept]) -> str:
    if not kept:
        return NONE
    seconds = [took(row.due_at, row.met_at).total_seconds() for row in kept]
    return duration(timedelta(seconds=median(seconds)))


def _open_note(late: int, soon: int) -> str:
    if late:
        return ngettext("%(n)d late", "%(n)d late", late) % {"n": late}
    if soon:
        return ngettext("%(n)d due within 6 h", "%(n)d due within 6 h", soon) % {"n": soon}
    return _("each due within 24 h")


def _share_kept(kept: Sequence[Kept], late_now: int) -> Figure:
    """Requests still open and late count against the promise, as they should."""
    late = sum(1 for row in kept if row.was_late) + late_now
    total = len(kept) + late_now
    label = _("Kept within 24 h, 30 days")
    if not total:
        return Figure(label=label, value=NONE, note=_("no request was due"))
    share = 100 * (total - late) / total
    # Never rounded up to 100 while one was late.
    value = "100 %" if not late else f"{min(share, 99.9):.1f} %"
    note = (
        ngettext("%(n)d late", "%(n)d late", late) % {"n": late}
        if late
        else ngettext("%(n)d of %(n)d request", "%(n)d of %(n)d requests", total) % {"n": total}
    )
    return Figure(label=label, value=value, note=note, tone="danger" if late else "ok")


def _grant_figure(actor: Actor, at: datetime) -> Figure:
    ends = list(
        Grant.objects.visible_to(actor)
        .active(at)
        .order_by("expires_at")
        .values_list("expires_at", flat=True)
    )
    next_end = (
        _("next one ends in %(time)s") % {"time": duration(ends[0] - at)}
        if ends and ends[0]
        else _("the vendor sees nothing")
    )
    return Figure(
        label=_("Diagnostic access now"),
        value=str(len(ends)),
        note=next_end,
        tone="info" if ends else "ok",
        url=reverse("grant-list", args=[actor.organization.slug]),
    )


def _catalogue_figures(actor: Actor) -> list[Figure]:
    slug = actor.organization.slug
    return [
        Figure(
            label=_("Tables and models you can see"),
            value=str(Resource.objects.visible_to(actor).count()),
            note=_("through your teams"),
            url=reverse("resource-list", args=[slug]),
        ),
        Figure(
            label=_("Integrations they come from"),
            value=str(Integration.objects.visible_to(actor).count()),
        ),
        Figure(label=_("Your teams"), value=str(len(actor.team_ids))),
    ]
