"""Connecting a source, changing it, pausing it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid
from portal.catalog import credentials
from portal.catalog.connections import as_stored, checked_password, checked_place
from portal.catalog.models import Integration
from portal.catalog.refusals import IntegrationDeleting, IntegrationPaused
from portal.catalog.rules import SCOPES, IntegrationKind
from tenants.access import Actor, action
from tenants.models import Membership
from tenants.permissions import Permission

LONGEST_NAME = 120


@action(Permission.INTEGRATION_MANAGE)
def create_integration(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    kind: str = IntegrationKind.DBT_ARTIFACTS,
    connection: Mapping[str, Any] | None = None,
    password: str = "",
) -> Integration:
    """Connect a source. Whoever does it owns it. Raises Invalid, for a name in use too."""
    if kind not in IntegrationKind.values:
        raise Invalid(_("This kind of source is not known."), {"kind": _("Choose one listed.")})
    place = checked_place(kind, connection or {})
    checked_password(kind, password)
    integration: Integration = Integration.objects.create(
        name=_free_name(name),
        kind=kind,
        scopes=list(SCOPES[kind]),
        owner=actor.membership,
        created_at=at,
        connection=as_stored(place),
    )
    record(EventName.INTEGRATION_CREATED, actor=actor, target=integration, source=str(kind))
    if password:
        integration.credential = credentials.sealed(integration, password)
        integration.credential_set_at = at
        integration.save(update_fields=["credential", "credential_set_at"])
        record(EventName.INTEGRATION_CREDENTIAL_SET, actor=actor, target=integration)
    return integration


@action(Permission.INTEGRATION_MANAGE)
def change_integration(
    integration: Integration, *, actor: Actor, name: str, owner: Membership | None
) -> Integration:
    """Rename it or hand it to another owner."""
    integration = Integration.objects.locked(integration.pk)
    before = (integration.name, integration.owner_id)
    integration.name = _free_name(name, besides=integration)
    integration.owner = Membership.objects.get(pk=owner.pk) if owner else None
    if (integration.name, integration.owner_id) == before:
        return integration
    integration.save(update_fields=["name", "owner"])
    record(
        EventName.INTEGRATION_CHANGED,
        actor=actor,
        target=integration,
        owner=str(owner.pk) if owner else "",
    )
    return integration


@action(Permission.INTEGRATION_MANAGE)
def pause_integration(integration: Integration, *, actor: Actor, at: datetime) -> Integration:
    """Stop reading from it: no import starts, and one that runs stops within a minute."""
    integration = Integration.objects.locked(integration.pk)
    refuse_if_deleting(integration)
    if integration.is_paused:
        raise IntegrationPaused(_("This integration is paused already."))
    integration.paused_at = at
    integration.save(update_fields=["paused_at"])
    record(EventName.INTEGRATION_PAUSED, actor=actor, target=integration)
    return integration


@action(Permission.INTEGRATION_MANAGE)
def resume_integration(integration: Integration, *, actor: Actor) -> Integration:
    integration = Integration.objects.locked(integration.pk)
    refuse_if_deleting(integration)
    if not integration.is_paused:
        raise IntegrationPaused(_("This integration is not paused."))
    integration.paused_at = None
    integration.save(update_fields=["paused_at"])
    record(EventName.INTEGRATION_RESUMED, actor=actor, target=integration)
    return integration


def refuse_if_deleting(integration: Integration) -> None:
    if integration.is_deleting:
        raise IntegrationDeleting(
            _("This integration is being deleted; nothing can be changed in it any more.")
        )


def _free_name(name: str, *, besides: Integration | None = None) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_NAME or not plain.isprintable():
        said = _("Use 1 to %(most)d characters on one line.") % {"most": LONGEST_NAME}
        raise Invalid(_("This name cannot be used."), {"name": said})
    # Folded by the database on both sides: SQLite folds fewer letters than Python does.
    folded = Integration.objects.annotate(folded=Lower("name"))
    others = folded.filter(folded=Lower(Value(plain)))
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        raise Invalid(_("This name is taken."), {"name": _("Another integration has this name.")})
    return plain
