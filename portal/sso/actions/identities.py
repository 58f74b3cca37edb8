"""Cutting a person's links to the organization's identity providers."""

from datetime import datetime

from allauth.socialaccount.models import SocialAccount

from audit.names import EventName
from audit.recorder import record
from portal.sso.models import ClosedIdentity, Connection, SeenClaims
from portal.sso.rules import subject_digest
from tenants.access import Actor, action
from tenants.models import Membership
from tenants.permissions import Permission


@action(Permission.REVOCATION_FILE)
def close_identities(membership: Membership, *, actor: Actor, at: datetime) -> int:
    """Cut the person's links to this organization's identity providers, for good.

    A sign-in with the same subject is refused from now on while the membership is not active.
    """
    closed = 0
    SeenClaims.objects.filter(membership=membership).delete()
    for connection in Connection.objects.all():
        accounts = SocialAccount.objects.filter(
            user_id=membership.user_id, provider=connection.provider_id
        )
        for account in accounts:
            ClosedIdentity.objects.update_or_create(
                organization=membership.organization,
                connection=connection,
                subject_digest=subject_digest(connection.provider_id, account.uid),
                defaults={"membership": membership, "closed_at": at},
            )
            account.delete()
            closed += 1
    if closed:
        record(EventName.IDENTITY_UNLINKED, actor=actor, target=membership, links=closed)
    return closed


@action(Permission.REVOCATION_FILE)
def reopen_identities(membership: Membership, *, actor: Actor, successor: Membership) -> int:
    """Let what was cut with a revoked membership sign in as the one that took its place."""
    reopened: int = ClosedIdentity.objects.filter(membership=membership).update(
        membership=successor
    )
    if reopened:
        record(EventName.IDENTITY_REOPENED, actor=actor, target=successor, links=reopened)
    return reopened
