"""What our rows say about one identity, and the one decision that is made from it.

The sign-in and the rehearsal of an enforcement decide here, so that neither can drift from the
other.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from accounts.models import User
from portal.sso.identity import Identity
from portal.sso.models import ClosedIdentity, Connection, Domain
from portal.sso.refusals import Reason
from portal.sso.rules import domain_of, subject_digest
from tenants.models import Membership, TeamMember
from tenants.permissions import Permission
from tenants.scoping import system_scope

# What is asked for after single sign-on as well.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class Place(Enum):
    """What the identity's person is in this organization."""

    NONE = auto()
    ACTIVE = auto()
    ENDED = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Everything the decision looks at."""

    domain_is_proven: bool
    # A link that was cut stays cut until its person is an active member again.
    link_is_cut: bool
    # This subject of this connection has signed the account in before.
    is_known: bool
    place: Place
    is_member_elsewhere: bool
    has_account: bool
    # Looks after the workspace, and nothing but the identity provider's word would stand for it.
    is_charge_unproven: bool = False


def refusal_of(standing: Standing, *, may_join: bool) -> Reason | None:
    """Why the identity is turned away; None when it is let in."""
    if not standing.domain_is_proven:
        return Reason.FOREIGN_DOMAIN
    if standing.link_is_cut:
        return Reason.REVOKED
    if standing.is_known or standing.place is not Place.NONE:
        return _refusal_of_member(standing)
    if standing.has_account:
        return Reason.EMAIL_TAKEN
    return None if may_join else Reason.NOT_INVITED


def _refusal_of_member(standing: Standing) -> Reason | None:
    if standing.place is not Place.ACTIVE:
        return Reason.REVOKED
    # An active member of this organization alone may be recognised by a proven address.
    if standing.is_member_elsewhere and not standing.is_known:
        return Reason.EMAIL_TAKEN
    # Whoever runs an identity provider, or set one up with a link, must not come to be in charge
    # here by naming the address of somebody who is.
    if standing.is_charge_unproven and not standing.is_known:
        return Reason.NOT_LINKED
    return None


def place_of(member: Membership | None, *, at: datetime) -> Place:
    if member is None:
        return Place.NONE
    return Place.ACTIVE if member.user_id and member.is_active(at=at) else Place.ENDED


def standing_of(
    connection: Connection,
    identity: Identity,
    *,
    known: User | None,
    member: Membership | None,
    at: datetime,
    present: UUID | None = None,
) -> Standing:
    """Read one identity's rows; `member` is whom its account or its address points to.

    `present`: the person whom this browser is let into the workspace as, by other means.
    """
    domain = domain_of(identity.email)
    return Standing(
        domain_is_proven=_counts(domain, is_known=known is not None),
        link_is_cut=_is_cut(connection, identity, at=at),
        is_known=known is not None,
        place=place_of(member, at=at),
        is_member_elsewhere=member is not None and _is_elsewhere(member),
        has_account=User.objects.filter(email=identity.email).exists(),
        is_charge_unproven=known is None
        and member is not None
        and _is_charge_unproven(member, present=present),
    )


def is_in_charge(member: Membership, team_permissions: Iterable[Collection[str]]) -> bool:
    """Whether this member may set up single sign-on, by the role or by a team."""
    charge = Permission.SSO_MANAGE
    by_team = any(charge.value in permissions for permissions in team_permissions)
    return by_team or charge in member.role_permissions()


def _is_charge_unproven(member: Membership, *, present: UUID | None) -> bool:
    """Neither signed in here already, nor asked for a second factor of their own in a moment.

    Whom no other way leads in any more depends on the identity provider's word.
    """
    user = member.user
    if user is None or user.pk == present:
        return False
    teams = TeamMember.objects.filter(membership=member).values_list("team__permissions", flat=True)
    if not is_in_charge(member, teams):
        return False
    if Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists():
        return False
    return user.has_usable_password() or _comes_by_another(user)


def _comes_by_another(user: User) -> bool:
    in_use = Connection.objects.in_use().values_list("provider_id", flat=True)
    return bool(SocialAccount.objects.filter(user=user, provider__in=list(in_use)).exists())


def _counts(domain: str, *, is_known: bool) -> bool:
    """Somebody recognised by their subject stays so when the domain's DNS record is lost."""
    domains = Domain.objects.held() if is_known else Domain.objects.verified()
    return domains.filter(name=domain).exists()


def _is_cut(connection: Connection, identity: Identity, *, at: datetime) -> bool:
    closed = (
        ClosedIdentity.objects.select_related("membership")
        .filter(
            connection=connection,
            subject_digest=subject_digest(connection.provider_id, identity.subject),
        )
        .first()
    )
    return closed is not None and not closed.membership.is_active(at=at)


def _is_elsewhere(member: Membership) -> bool:
    if member.user_id is None:
        return False
    with system_scope("other organizations of a person"):
        others = Membership.unscoped.filter(user_id=member.user_id)
        return others.exclude(organization_id=member.organization_id).exists()
