"""What about single sign-on needs an admin: on its own pages, and among what waits for them."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.sso.models import Connection, Domain
from portal.sso.rules import ConnectionState
from portal.ui.waiting import WaitingItem
from tenants.access import Actor
from tenants.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class Attention:
    """One thing that is wrong, since when, and the page on which to mend it."""

    title: str
    text: str
    url: str
    link: str
    icon: str
    since: datetime
    due_at: datetime | None = None


def attention_for(actor: Actor) -> list[Attention]:
    """For those who can do something about it, the oldest first."""
    if not actor.may(Permission.SSO_MANAGE):
        return []
    slug = actor.organization.slug
    degraded = Connection.objects.filter(state=ConnectionState.DEGRADED)
    missing = Domain.objects.verified().filter(missing_since__isnull=False)
    found = [
        *(_of_connection(connection, slug) for connection in degraded.order_by("degraded_at")),
        *(_of_domain(domain, slug) for domain in missing.order_by("missing_since")),
    ]
    return sorted(found, key=lambda item: item.since)


def waiting_for(actor: Actor, _at: datetime) -> list[WaitingItem]:
    return [
        WaitingItem(
            title=item.title,
            detail=item.text,
            url=item.url,
            icon=item.icon,
            since=item.since,
            due_at=item.due_at,
        )
        for item in attention_for(actor)
    ]


def _of_connection(connection: Connection, slug: str) -> Attention:
    return Attention(
        title=_("%(name)s needs attention.") % {"name": connection.name},
        text=connection.degraded_because,
        url=reverse("connection-health", args=[slug, connection.pk]),
        link=_("See what to do"),
        icon="triangle-alert",
        since=connection.degraded_at or connection.created_at,
    )


def _of_domain(domain: Domain, slug: str) -> Attention:
    return Attention(
        title=_("The DNS record of %(name)s is missing.") % {"name": domain.name},
        text=_("Put it back, or people with addresses there are no longer let in."),
        url=reverse("domain-list", args=[slug]),
        link=_("See the record"),
        icon="globe",
        since=domain.missing_since or domain.created_at,
        due_at=domain.counts_until,
    )
