"""Whom a proven identity lets into its organization, decided before any account is touched."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from portal.sso.identity import Identity
from portal.sso.models import Connection
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.rules import domain_of
from portal.sso.standing import refusal_of, standing_of
from tenants.models import Invitation, Membership, Policy
from tenants.permissions import OWNERS_ALONE, ROLE_PERMISSIONS, BuiltInRole, Permission


@dataclass(frozen=True)
class Admission:
    """The account to sign in; with none, a new one is provisioned into the organization.

    An open invitation of the same address says as what.
    """

    user: User | None
    policy: Policy
    invitation: Invitation | None = None


def decide_admission(
    connection: Connection,
    identity: Identity,
    *,
    known: User | None,
    at: datetime,
    present: UUID | None = None,
) -> Admission:
    """`known` is whom this (connection, subject) has signed in before. Raises SignInRefused.

    `present` is whom this browser is let into the workspace as already.
    """
    policy = Policy.objects.get()
    member = _member_of(identity, known)
    standing = standing_of(connection, identity, known=known, member=member, at=at, present=present)
    invitation = _invitation_of(identity, policy, at=at) if member is None else None
    reason = refusal_of(standing, may_join=policy.just_in_time or invitation is not None)
    if reason is not None:
        received = domain_of(identity.email) if reason is Reason.FOREIGN_DOMAIN else ""
        raise SignInRefused(reason, received=received)
    return Admission(known or (member.user if member else None), policy, invitation)


def _member_of(identity: Identity, known: User | None) -> Membership | None:
    """By the account that is known, else by the proven address; the newest of several."""
    found = Q(email=identity.email) if known is None else Q(user=known)
    member: Membership | None = (
        Membership.objects.select_related("user").filter(found).order_by("-joined_at").first()
    )
    return member


def _invitation_of(identity: Identity, policy: Policy, *, at: datetime) -> Invitation | None:
    """Not an owner's: an identity provider makes nobody an owner, whoever was invited as one.

    Nor, while the link in the mail can still be used instead, that of anybody else who may set
    up identity providers: whoever set this one up could take the place by naming the address.
    """
    kept = {BuiltInRole.OWNER.value}
    if not policy.enforces_sso(at=at):
        kept |= {role for role, may in ROLE_PERMISSIONS.items() if Permission.SSO_MANAGE in may}
    found: Invitation | None = (
        Invitation.objects.open(at=at)
        .select_related("custom_role")
        .filter(email=identity.email)
        .exclude(role__in=kept)
        .first()
    )
    custom = found.custom_role.held() if found and found.custom_role else frozenset()
    is_kept = Permission.SSO_MANAGE in custom and not policy.enforces_sso(at=at)
    return None if is_kept or custom & OWNERS_ALONE else found
