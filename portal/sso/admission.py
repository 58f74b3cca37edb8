"""Whom a proven identity lets into its organization, decided before any account is touched."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from portal.sso.identity import Identity
from portal.sso.models import ClosedIdentity, Connection, Domain
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.rules import domain_of, subject_digest
from tenants.models import Membership, Policy
from tenants.scoping import system_scope


@dataclass(frozen=True)
class Admission:
    """The account to sign in; with none, a new one is provisioned into the organization."""

    user: User | None
    policy: Policy


def decide_admission(
    connection: Connection,
    identity: Identity,
    *,
    known: User | None,
    at: datetime,
) -> Admission:
    """`known` is whom this (connection, subject) has signed in before. Raises SignInRefused."""
    policy = Policy.objects.get()
    _check_domain(identity.email)
    _check_not_closed(connection, identity, at=at)
    if known is not None:
        _check_member(known, at=at)
        return Admission(known, policy)
    member = Membership.objects.filter(email=identity.email).order_by("-joined_at").first()
    if member is not None:
        return Admission(_linkable(member, at=at), policy)
    if User.objects.filter(email=identity.email).exists():
        raise SignInRefused(Reason.EMAIL_TAKEN)
    if not policy.just_in_time:
        raise SignInRefused(Reason.NOT_INVITED)
    return Admission(None, policy)


def _check_domain(email: str) -> None:
    if not Domain.objects.verified().filter(name=domain_of(email)).exists():
        raise SignInRefused(Reason.FOREIGN_DOMAIN, received=domain_of(email))


def _check_not_closed(connection: Connection, identity: Identity, *, at: datetime) -> None:
    """A link that was cut stays cut until its person is an active member again."""
    closed = (
        ClosedIdentity.objects.select_related("membership")
        .filter(
            connection=connection,
            subject_digest=subject_digest(connection.provider_id, identity.subject),
        )
        .first()
    )
    if closed is not None and not closed.membership.is_active(at=at):
        raise SignInRefused(Reason.REVOKED)


def _check_member(user: User, *, at: datetime) -> None:
    member = Membership.objects.filter(user=user).first()
    if member is None or not member.is_active(at=at):
        raise SignInRefused(Reason.REVOKED)


def _linkable(member: Membership, *, at: datetime) -> User:
    """An active member of this organization alone may be recognised by a proven address."""
    if not member.is_active(at=at) or member.user is None:
        raise SignInRefused(Reason.REVOKED)
    with system_scope("other organizations of a person"):
        elsewhere = (
            Membership.unscoped.filter(user=member.user)
            .exclude(organization_id=member.organization_id)
            .exists()
        )
    if elsewhere:
        raise SignInRefused(Reason.EMAIL_TAKEN)
    return member.user
