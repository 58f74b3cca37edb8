"""Who a pushed person is here: a member already, somebody coming back, or a newcomer."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.adapters import prove_address
from accounts.models import User
from portal.directory.models import DirectoryUser
from portal.directory.scim.errors import bad_value, taken
from portal.sso.actions import reopen_identities
from portal.sso.models import Domain
from portal.sso.rules import domain_of
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind
from tenants.access import Actor
from tenants.actions.members import admit_member, reinstate_member
from tenants.actions.teams import join_default_teams
from tenants.models import Membership, Organization, Policy
from tenants.permissions import BuiltInRole
from tenants.scoping import system_scope

LONGEST_NAME = 120


def proven_address(candidates: Collection[str], organization: Organization) -> str:
    """The first of the addresses that lies in a proven domain. Raises ScimError."""
    domains = {domain_of(address) for address in candidates}
    proven = set(Domain.objects.verified().filter(name__in=domains).values_list("name", flat=True))
    for address in candidates:
        if domain_of(address) in proven:
            return address
    if not candidates:
        raise bad_value("Send an e-mail address as userName or in emails.")
    raise bad_value(
        f"None of the addresses is in a domain that {organization.name} has proven to own"
        f" ({', '.join(sorted(domains))}). Add the domain in Gatehouse under Single sign-on."
    )


def join(user: DirectoryUser, *, actor: Actor, at: datetime) -> bool:
    """Set the member that the person is, letting them in where that is due. Raises ScimError.

    True for somebody who was let in just now. Who is still being taken out waits: access given
    under a request at work would be cut by it, or make its proof a lie.
    """
    found = Membership.objects.filter(email=user.email).select_related("user", "organization")
    member = found.order_by("-joined_at", "-id").first()
    user.returning_at = None
    if member is None:
        user.membership = _newcomer(user, actor=actor, at=at)
        return True
    user.membership = member
    if member.status == Membership.Status.ACTIVE:
        return False
    if Ticket.objects.still_open().for_subject(Kind.REVOCATION, member.pk).exists():
        user.returning_at = at
        return False
    user.membership = _back(member, user, actor=actor, at=at)
    return True


def _newcomer(user: DirectoryUser, *, actor: Actor, at: datetime) -> Membership:
    elsewhere = taken(
        f"{user.email} belongs to an account of another workspace."
        " Invite this person in Gatehouse; the directory takes over once they have accepted."
    )
    if User.objects.filter(email=user.email).exists():
        raise elsewhere
    try:
        with transaction.atomic():
            account = User.objects.create_user(user.email, None, name=str(user)[:LONGEST_NAME])
            prove_address(account)
    except IntegrityError as raced:
        raise elsewhere from raced
    return _admit(account, user, actor=actor, at=at)


def _back(member: Membership, user: DirectoryUser, *, actor: Actor, at: datetime) -> Membership:
    """The least role and nothing old; the identity at the provider may sign in again."""
    if member.status == Membership.Status.SUSPENDED:
        back = reinstate_member(member, actor=actor, at=at, role=default_role())
        join_default_teams(back, actor=actor)
        return back
    if member.user is None:
        return _newcomer(user, actor=actor, at=at)
    if _is_elsewhere(member):
        raise taken(
            f"{user.email} belongs to an account that is also in another workspace."
            " Invite this person in Gatehouse; the directory takes over once they have accepted."
        )
    admitted = _admit(member.user, user, actor=actor, at=at)
    reopen_identities(member, actor=actor, successor=admitted)
    return admitted


def _is_elsewhere(member: Membership) -> bool:
    with system_scope("other organizations of a person"):
        return (
            Membership.unscoped.filter(user=member.user)
            .exclude(organization_id=member.organization_id)
            .exists()
        )


def _admit(account: User, user: DirectoryUser, *, actor: Actor, at: datetime) -> Membership:
    admitted = admit_member(
        actor=actor,
        at=at,
        user=account,
        name=str(user)[:LONGEST_NAME],
        email=user.email,
        role=default_role(),
        source=Membership.Source.SCIM,
    )
    join_default_teams(admitted, actor=actor)
    return admitted


def default_role() -> str:
    """The role at first sign-in; never the owner's, whatever was stored."""
    role = Policy.objects.get().default_role
    return BuiltInRole.VIEWER if role == BuiltInRole.OWNER else role
