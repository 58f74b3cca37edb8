"""Where a source is, the password for it, and when it is read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid
from portal.catalog import credentials
from portal.catalog.actions.integrations import refuse_if_deleting
from portal.catalog.connections import (
    Place,
    as_stored,
    checked_password,
    checked_place,
    takes_password,
)
from portal.catalog.models import Integration
from portal.catalog.refusals import WrongKind
from portal.catalog.schedules import Every, Schedule
from tenants.access import Actor, action
from tenants.permissions import Permission

LAST_WEEKDAY = 6


@action(Permission.INTEGRATION_MANAGE, step_up=True)
def change_connection(
    integration: Integration,
    *,
    actor: Actor,
    at: datetime,
    connection: Mapping[str, Any],
    password: str = "",
) -> Integration:
    """Read it elsewhere or as somebody else. A run that is open stops, and takes nothing over.

    A password is sent only to whom it was typed for: another server asks for it anew.
    """
    integration = Integration.objects.locked(integration.pk)
    refuse_if_deleting(integration)
    _refuse_other_kinds(integration)
    place = checked_place(integration.kind, connection)
    checked_password(integration.kind, password)
    _refuse_old_password(integration, place, password)
    stored = as_stored(place)
    if stored == integration.connection and not password:
        return integration
    if stored != integration.connection:
        record(EventName.INTEGRATION_CHANGED, actor=actor, target=integration, changed="connection")
    integration.connection = stored
    integration.connection_version += 1
    if password:
        _seal(integration, password, actor=actor, at=at)
    integration.save(
        update_fields=["connection", "connection_version", "credential", "credential_set_at"]
    )
    return integration


@action(Permission.INTEGRATION_MANAGE)
def schedule_integration(
    integration: Integration, *, actor: Actor, at: datetime, schedule: Schedule
) -> Integration:
    """Say when it is read. The first due time lies after `at`."""
    integration = Integration.objects.locked(integration.pk)
    refuse_if_deleting(integration)
    _refuse_other_kinds(integration)
    if schedule.every not in Every.values or not 0 <= schedule.weekday <= LAST_WEEKDAY:
        raise Invalid(_("This schedule is not known."), {"every": _("Choose one listed.")})
    if schedule == integration.schedule:
        return integration
    integration.set_schedule(schedule, at=at)
    integration.save(update_fields=["every", "run_time", "weekday", "next_run_at"])
    record(
        EventName.INTEGRATION_SCHEDULED,
        actor=actor,
        target=integration,
        every=str(Every(schedule.every).label),
    )
    return integration


@action(Permission.DELETION_FILE)
def disconnect_integration(integration: Integration, *, actor: Actor, at: datetime) -> Integration:
    """Destroy its credential and read it no more: somebody asked for its deletion.

    If they think better of it, it needs a password again and must be resumed.
    """
    integration = Integration.objects.locked(integration.pk)
    had_credential = integration.has_credential
    credentials.destroy(integration)
    integration.credential, integration.credential_set_at = "", None
    integration.connection_version += 1
    integration.set_schedule(Schedule(), at=at)
    was_paused, integration.paused_at = integration.is_paused, integration.paused_at or at
    integration.save()
    if had_credential:
        record(EventName.INTEGRATION_CREDENTIAL_DESTROYED, actor=actor, target=integration)
    if not was_paused:
        record(EventName.INTEGRATION_PAUSED, actor=actor, target=integration)
    return integration


def _seal(integration: Integration, password: str, *, actor: Actor, at: datetime) -> None:
    """The old one goes for good with its key."""
    credentials.destroy(integration)
    integration.credential = credentials.sealed(integration, password)
    integration.credential_set_at = at
    record(EventName.INTEGRATION_CREDENTIAL_SET, actor=actor, target=integration)


def _refuse_old_password(integration: Integration, place: Place | None, password: str) -> None:
    before = checked_place(integration.kind, integration.connection)
    if password or not takes_password(integration.kind) or place is None or before is None:
        return
    if integration.has_credential and place.receiver != before.receiver:
        said = _("Type the password again: it is sent to no server it was not given for.")
        raise Invalid(_("The password is missing."), {"password": said})


def _refuse_other_kinds(integration: Integration) -> None:
    if not integration.is_read:
        raise WrongKind(_("An integration of this kind connects to nothing."))
