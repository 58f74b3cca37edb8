"""Keeps and forgets filters of the list of requests, each for one person."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import NotPermitted, Refusal
from portal.tickets.models import SavedFilter
from tenants.access import Actor, action
from tenants.models import Membership
from tenants.permissions import Permission

MOST: Final = 30


class TooManyFilters(Refusal):
    code = "too-many-filters"


@action(Permission.TICKET_VIEW)
def save_filter(*, actor: Actor, at: datetime, name: str, query: str) -> SavedFilter:
    """Keep a filter; one of the same name is replaced. Raises NotPermitted, TooManyFilters."""
    if actor.membership is None or actor.person != actor.membership.pk:
        raise NotPermitted(_("Only a member keeps filters, not a machine."))
    owner = Membership.objects.locked(actor.membership.pk)
    own = SavedFilter.objects.visible_to(actor)
    if not own.filter(name=name).exists() and own.count() >= MOST:
        raise TooManyFilters(_("You keep %(most)d filters. Delete one first.") % {"most": MOST})
    kept: SavedFilter = SavedFilter.objects.update_or_create(
        owner=owner, name=name, defaults={"query": query, "saved_at": at}
    )[0]
    record(EventName.FILTER_SAVED, actor=actor, target=kept)
    return kept


@action(Permission.TICKET_VIEW)
def delete_filter(kept: SavedFilter, *, actor: Actor) -> None:
    """Forget one of one's own filters. Raises NotPermitted."""
    if kept.owner_id != actor.person:
        raise NotPermitted(_("This filter belongs to somebody else."))
    record(EventName.FILTER_DELETED, actor=actor, target=kept)
    kept.delete()
