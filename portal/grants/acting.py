"""What can be done through the door: try a connection, start a sync, change name and schedule.

Each act runs the catalogue's own code, in the name of the staff member under the grant. Only an
integration that the grant covers as a whole can be touched: a single table's does not.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, time
from uuid import UUID

from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.catalog import credentials
from portal.catalog.actions import change_integration, run_integration, schedule_integration
from portal.catalog.actions.integrations import refuse_if_deleting
from portal.catalog.ingest.trying import try_connection
from portal.catalog.models import ImportRun, Integration
from portal.catalog.schedules import Schedule
from portal.grants.door import Opening, Seen, open_door
from portal.grants.masking import mask
from portal.grants.refusals import NameRefused, NoAccess
from portal.grants.rules import Act, Capability
from tenants.access import Actor
from tenants.clock import now
from tenants.permissions import Permission

_SETTINGS = ("name", "schedule")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose integration is touched, from which route, and by whom."""

    grant_id: UUID
    integration_id: UUID
    visitor: Actor
    route: str


@dataclass(frozen=True, slots=True)
class SettingsView:
    id: UUID
    name: str
    every: str
    run_time: time
    weekday: int
    is_scheduled: bool

    def as_initial(self) -> dict[str, object]:
        """As the fields of a form are first filled in."""
        return {
            "name": self.name,
            "every": self.every,
            "clock": self.run_time,
            "weekday": str(self.weekday),
        }


@dataclass(frozen=True, slots=True)
class TrialView:
    works: bool
    code: str
    message: str
    masked: bool


def start_sync(place: Place, *, at: datetime) -> ImportRun:
    """Read the source now, as its "run now" does."""
    with _door(place, Capability.RUN, at) as opening:
        row = _whole(opening, place)
        run = run_integration(row, actor=_hand(opening), at=at)
        opening.note(Seen("integration", row.pk, row.name, (), masked=False, act=Act.RAN))
        return run


def try_source(place: Place, *, at: datetime) -> TrialView:
    """Whether the source answers, with the kept password, which nobody is shown.

    The source may take seconds, and no transaction waits for it: the try is recorded before, and
    what it said is shown only if the grant still stands after.
    """
    with _door(place, Capability.RUN, at) as opening:
        row = _whole(opening, place)
        refuse_if_deleting(row)
        password = credentials.opened(row)
        opening.note(Seen("integration", row.pk, row.name, (), masked=False, act=Act.TESTED))
    workspace = place.visitor.organization.slug
    trial = try_connection(row.kind, row.connection, password=password, workspace=workspace)
    with _door(place, Capability.RUN, max(at, now())) as opening:
        row = _whole(opening, place)
        said = mask(trial.message, lifted=opening.lifted)
        opening.note(Seen("integration", row.pk, row.name, ("outcome of the test",), said.hidden))
    return TrialView(trial.is_good, trial.code, said.text, said.hidden)


def read_settings(place: Place, *, at: datetime) -> tuple[Opening, SettingsView]:
    """The settings that can be changed, as they are."""
    with _door(place, Capability.SETTINGS, at) as opening:
        row = _whole(opening, place)
        opening.note(Seen("integration", row.pk, row.name, _SETTINGS, masked=False))
        return opening, _view(row)


def change_settings(
    place: Place, *, at: datetime, name: str | None = None, schedule: Schedule | None = None
) -> SettingsView:
    """Rename it or read it at other times; what is None stays. Both or neither."""
    with _door(place, Capability.SETTINGS, at) as opening:
        row = _whole(opening, place)
        before, hand = _words(row), _hand(opening)
        if name is not None:
            row = _renamed(row, name, hand=hand)
        if schedule is not None and (row.is_read or schedule.is_on):
            row = schedule_integration(row, actor=hand, at=at, schedule=schedule)
        after = _words(row)
        changed = tuple(key for key in _SETTINGS if before[key] != after[key])
        if changed:
            opening.note(
                Seen(
                    "integration",
                    row.pk,
                    row.name,
                    changed,
                    masked=False,
                    act=Act.CHANGED,
                    before={key: before[key] for key in changed},
                    after={key: after[key] for key in changed},
                )
            )
        return _view(row)


def _renamed(row: Integration, name: str, *, hand: Actor) -> Integration:
    """Raises NameRefused: who tries one name after the other leaves a trace of each.

    A name that is taken tells of an integration which the customer may not have attached.
    """
    try:
        return change_integration(row, actor=hand, name=name, owner=row.owner)
    except Invalid as refusal:
        raise NameRefused(
            _("This name cannot be used here. Your attempt stands in the customer's log.")
        ) from refusal


def _door(place: Place, capability: Capability, at: datetime) -> AbstractContextManager[Opening]:
    return open_door(
        place.grant_id, visitor=place.visitor, at=at, capability=capability, route=place.route
    )


def _whole(opening: Opening, place: Place) -> Integration:
    """An integration the grant covers as a whole. Raises NoAccess, existing or not."""
    wanted = opening.whole_integrations & {place.integration_id}
    row = Integration.objects.visible_to(opening.reader).filter(pk__in=wanted).first()
    if row is None:
        raise NoAccess
    return row


def _hand(opening: Opening) -> Actor:
    """The reader with the one right the catalogue asks of who runs or changes something."""
    reader = opening.reader
    return replace(reader, permissions=reader.permissions | {Permission.INTEGRATION_MANAGE})


def _view(row: Integration) -> SettingsView:
    every, clock, weekday = row.schedule
    return SettingsView(row.pk, row.name, every, clock, weekday, row.is_read)


def _words(row: Integration) -> dict[str, str]:
    return {"name": row.name, "schedule": row.schedule.words}
