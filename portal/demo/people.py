"""Makes the demo's organizations and their people, by the actions that the screens call."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

from accounts.models import User
from portal.demo.world import COOLING_OFF, MERIDIAN, PASSWORD, Firm, Person
from tenants.access import Actor, stranger, system_actor
from tenants.actions.invitations import accept_invitation
from tenants.actions.members import admit_member
from tenants.actions.organizations import create_organization, install_vendor
from tenants.actions.policies import change_policy
from tenants.actions.teams import add_team_member, create_team
from tenants.models import Invitation, Membership, Organization, Policy, Team, TeamMember
from tenants.resolving import actor_for_member, organization_of_slug
from tenants.scoping import organization_scope


def scope_of(organization: Organization) -> AbstractContextManager[None]:
    return organization_scope(organization.pk)


def acting(member: Membership, *, at: datetime) -> Actor:
    """The member as if just signed in with a second factor."""
    return replace(actor_for_member(member), stepped_up_until=at + timedelta(minutes=5))


def member_of(person: Person) -> Membership:
    """Within the scope of the organization."""
    return Membership.objects.select_related("organization").get(email=person.email)


def build_vendor(at: datetime) -> Organization:
    vendor = organization_of_slug(MERIDIAN.slug) or install_vendor(
        name=MERIDIAN.name, slug=MERIDIAN.slug, at=at
    )
    with scope_of(vendor):
        for person in MERIDIAN.people:
            admit(person, actor=system_actor(vendor), at=at)
    return vendor


def build_customer(firm: Firm, vendor: Organization, at: datetime) -> Organization:
    organization = organization_of_slug(firm.slug) or _create(firm, vendor, at)
    with scope_of(organization):
        owner, *others = firm.people
        _found(owner, organization, at)
        actor = acting(member_of(owner), at=at)
        _shorten_cooling_off(actor)
        for team in firm.teams:
            if not Team.objects.filter(name=team).exists():
                create_team(actor=actor, at=at, name=team)
        for person in others:
            admit(person, actor=actor, at=at)
    return organization


def admit(person: Person, *, actor: Actor, at: datetime) -> Membership:
    """A member with an account, in the team that the person works in. Safe to repeat."""
    member = Membership.objects.filter(email=person.email).first()
    if member is None:
        member = admit_member(
            actor=actor,
            at=at,
            user=account_of(person),
            name=person.name,
            email=person.email,
            role=person.role,
            source=Membership.Source.INVITATION,
        )
    team = Team.objects.filter(name=person.team).first()
    if team and not TeamMember.objects.filter(team=team, membership=member).exists():
        add_team_member(team, actor=actor, membership=member)
    return member


def account_of(person: Person) -> User:
    """The person's account, with the demo's password and a fixed second factor."""
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = User.objects.create_user(person.email, PASSWORD, name=person.name)
    EmailAddress.objects.get_or_create(
        user=user, email=person.email, defaults={"verified": True, "primary": True}
    )
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(user, person.secret)
    return user


def _create(firm: Firm, vendor: Organization, at: datetime) -> Organization:
    owner = firm.people[0]
    with scope_of(vendor):
        operator = acting(member_of(MERIDIAN.people[0]), at=at)
        return create_organization(
            actor=operator,
            at=at,
            name=firm.name,
            slug=firm.slug,
            founder_name=owner.name,
            founder_email=owner.email,
            security_contact=f"security@{firm.slug}.test",
        )


def _found(owner: Person, organization: Organization, at: datetime) -> None:
    """The first owner follows the link in the mail."""
    user = account_of(owner)
    place = Invitation.objects.filter(email=owner.email, accepted_at=None, cancelled_at=None)
    if Membership.objects.filter(email=owner.email).exists() or not place.exists():
        return
    invitation = place.get()
    accept_invitation(
        invitation, actor=stranger(organization), at=at, user=user, version=invitation.version
    )


def _shorten_cooling_off(actor: Actor) -> None:
    """Nobody waits 15 minutes in a demo."""
    policy = Policy.objects.get()
    if policy.cooling_off != COOLING_OFF and policy.version == 1:
        change_policy(policy, actor=actor, version=policy.version, cooling_off=COOLING_OFF)
