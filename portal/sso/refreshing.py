"""Reads the metadata of connections again: in a job, by whoever takes the row first."""

from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache

from audit.refusals import Refusal
from portal.outbound.client import fetch as fetch_anywhere
from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from portal.sso.actions.watching import apply_metadata, miss_metadata
from portal.sso.models import Connection
from portal.sso.saml.fetching import Fetch, fetch_metadata
from portal.sso.saml.idp_metadata import MetadataWrong
from tenants.access import system_actor
from tenants.models import Organization

# Strangers can cause refused sign-ins: of all they cause, one look in this time.
HASTE = timedelta(minutes=10)


def refresh(connection_id: UUID, *, at: datetime, fetch: Fetch = fetch_anywhere) -> None:
    """Look once, if it is due; no transaction is open while the other side takes its time."""
    connection = Connection.objects.filter(pk=connection_id).exclude(metadata_url="").first()
    if connection is None or not Connection.objects.claim_metadata(connection_id, at=at):
        return
    actor = system_actor(Organization.objects.current())
    try:
        provider = fetch_metadata(connection.metadata_url, fetch=fetch)
    except (MetadataWrong, Refusal) as wrong:
        miss_metadata(connection, actor=actor, at=at, because=str(wrong))
    else:
        apply_metadata(connection, actor=actor, at=at, provider=provider)


def hasten_refresh(connection: Connection, *, at: datetime) -> None:
    """An unknown signature may be a new key: look now, so that the next try succeeds."""
    if not (connection.metadata_url and connection.is_in_use):
        return
    if cache.add(f"sso.metadata.{connection.pk}", at.isoformat(), HASTE.total_seconds()):
        request_refresh(connection, at=at)


def request_refresh(connection: Connection, *, at: datetime) -> None:
    """Make the look due and wake a worker."""
    Connection.objects.filter(pk=connection.pk).update(metadata_check_after=at)
    enqueue(
        JobName.METADATA_REFRESH,
        organization_id=connection.organization_id,
        connection_id=connection.pk,
    )
