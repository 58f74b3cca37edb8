"""Which events somebody wants to see: one set of conditions for page, exports and API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from audit.identifiers import uuid7_floor
from audit.models import Event, EventQuerySet
from audit.opening import opened
from portal.evidence.words import names_of
from tenants.access import Actor, ActorKind
from tenants.models import Membership

MOST_PEOPLE: Final = 200
MOST_MATCHES: Final = 50


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """Empty values do not restrict. `since` is included, `until` is not."""

    people: tuple[UUID, ...] | None = None
    action: str = ""
    reference: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def apply(self, events: EventQuerySet) -> EventQuerySet:
        return events.filter(self._condition())

    def _condition(self) -> Q:
        condition = Q()
        if self.people is not None:
            condition &= Q(actor_id__in=self.people) | Q(target_id__in=self.people)
        if self.action:
            condition &= Q(name__in=[name.value for name in names_of(self.action)])
        if self.reference:
            condition &= Q(reference=self.reference)
        if self.outcome:
            condition &= Q(outcome=self.outcome)
        return condition & self._period()

    def _period(self) -> Q:
        # The instant is in the id, so a period is a range of the primary key.
        period = Q()
        if self.since:
            period &= Q(id__gte=uuid7_floor(self.since))
        if self.until:
            period &= Q(id__lt=uuid7_floor(self.until))
        return period


def events_for(actor: Actor, wanted: LogFilter) -> EventQuerySet:
    return wanted.apply(Event.objects.visible_to(actor))


def people_named(actor: Actor, text: str) -> tuple[UUID, ...]:
    """Whom a name, an address or an id means: members, and staff who acted under a grant."""
    try:
        return (UUID(text),)
    except ValueError:
        pass
    members = Membership.objects.filter(Q(name__icontains=text) | Q(email__icontains=text))
    found = list(members.order_by("id").values_list("id", flat=True)[:MOST_MATCHES])
    staff = known_staff(actor).items()
    return (*found, *(person for person, name in staff if text.lower() in name.lower()))


def known_people(actor: Actor) -> list[str]:
    """Names to choose from while typing."""
    members = Membership.objects.order_by("name", "id").values_list("name", flat=True)
    return [*members[:MOST_PEOPLE], *known_staff(actor).values()]


def known_staff(actor: Actor) -> dict[UUID, str]:
    """Vendor staff who acted in this log, by name."""
    under_grant = Event.objects.visible_to(actor).filter(
        grant_id__isnull=False, actor_kind=ActorKind.STAFF
    )
    ids = under_grant.order_by().values_list("actor_id", flat=True).distinct()[:MOST_MATCHES]
    latest = [under_grant.filter(actor_id=person).order_by("-id").first() for person in ids]
    events = [event for event in latest if event and event.actor_id]
    names = opened(events)
    return {event.actor_id: names[event.id].get("actor", "") for event in events if event.actor_id}
