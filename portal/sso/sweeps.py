"""Repeated work of single sign-on: what is over, and what is due to be looked at."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from audit.identifiers import uuid7_floor
from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from portal.queue.sweeping import sweep
from portal.sso.actions.watching import watch_connection
from portal.sso.models import Connection, Domain, SeenClaims, SignInAttempt, UsedAssertion
from portal.sso.rules import ATTEMPTS_LAST, IN_USE
from tenants.access import system_actor
from tenants.models import Organization
from tenants.scoping import organization_scope, system_scope

# A preview runs on what people last came with; after half a year that says little.
CLAIMS_LAST = timedelta(days=180)
# Of one run; the next one takes the rest, the longest overdue first.
BATCH = 500


@sweep("sso.forget_assertions", every=timedelta(minutes=10))
def forget_assertions(at: datetime) -> None:
    """Drop used assertions that have expired: they would be refused for their age alone."""
    with system_scope("used assertions"):
        UsedAssertion.unscoped.filter(expires_at__lt=at).delete()


@sweep("sso.forget_attempts", every=timedelta(hours=1))
def forget_attempts(at: datetime) -> None:
    """Drop the flight recorder's rows that are older than it promises."""
    with system_scope("sign-in attempts that are over"):
        SignInAttempt.unscoped.filter(id__lt=uuid7_floor(at - ATTEMPTS_LAST)).delete()


@sweep("sso.forget_claims", every=timedelta(days=1))
def forget_claims(at: datetime) -> None:
    """Drop the groups of people who have not come by single sign-on for long: they are stale."""
    with system_scope("groups of people who came long ago"):
        SeenClaims.unscoped.filter(at__lt=at - CLAIMS_LAST).delete()


@sweep("sso.check_domains", every=timedelta(minutes=10))
def announce_domains(at: datetime) -> None:
    """Wake workers for proven domains whose look is due; each takes its row by a lease."""
    with system_scope("domains to look at again"):
        due = Domain.unscoped.filter(
            Q(check_after__isnull=True) | Q(check_after__lte=at),
            verified_at__isnull=False,
            organization__status=Organization.Status.ACTIVE,
        )
        found = list(due.order_by("check_after").values_list("organization_id", "pk")[:BATCH])
    for organization_id, domain_id in found:
        enqueue(JobName.DOMAIN_CHECK, organization_id=organization_id, domain_id=domain_id)


@sweep("sso.refresh_metadata", every=timedelta(minutes=10))
def announce_metadata(at: datetime) -> None:
    """Wake workers for connections whose metadata is due to be read again."""
    with system_scope("metadata to read again"):
        due = (
            _in_use()
            .exclude(metadata_url="")
            .filter(Q(metadata_check_after__isnull=True) | Q(metadata_check_after__lte=at))
        )
        rows = due.order_by("metadata_check_after").values_list("organization_id", "pk")
        found = list(rows[:BATCH])
    for organization_id, connection_id in found:
        enqueue(
            JobName.METADATA_REFRESH, organization_id=organization_id, connection_id=connection_id
        )


@sweep("sso.watch_connections", every=timedelta(hours=1))
def watch_everywhere(at: datetime) -> None:
    """Notices about certificates, and the state that follows from what is true now."""
    with system_scope("connections in use"):
        ids = _in_use().values_list("organization_id", flat=True).distinct()
        organizations = list(ids)
    for organization_id in organizations:
        with organization_scope(organization_id):
            actor = system_actor(Organization.objects.current())
            for connection in Connection.objects.in_use().order_by("pk"):
                watch_connection(connection, actor=actor, at=at)


def _in_use() -> QuerySet[Connection]:
    return Connection.unscoped.filter(
        state__in=IN_USE, organization__status=Organization.Status.ACTIVE
    )
