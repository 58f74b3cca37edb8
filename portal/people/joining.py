"""Accepting an invitation: the link, the place it keeps, and the person who takes it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.adapters import prove_address
from accounts.models import User
from audit.refusals import NotFound, NotPermitted
from tenants.access import stranger
from tenants.actions.invitations import InvitationNotOpen, accept_invitation
from tenants.links import Link, Purpose, read_link
from tenants.models import Invitation, Membership, Organization, Policy
from tenants.resolving import RequestFacts


@dataclass(frozen=True)
class Place:
    """An open invitation with the organization it leads into."""

    link: Link
    invitation: Invitation
    organization: Organization


def link_of(signed: str) -> Link:
    """What the address says. Raises NotFound for what we did not sign."""
    return read_link(Purpose.INVITATION, signed)


def place_of(link: Link, *, at: datetime) -> Place:
    """The place a link keeps, inside its scope. Raises NotFound, InvitationNotOpen."""
    invitation = Invitation.objects.select_related("invited_by").filter(pk=link.row_id).first()
    if invitation is None:
        raise NotFound(_("This link is not valid. Ask for a new one."))
    if invitation.version != link.version or not invitation.is_open(at=at):
        raise InvitationNotOpen(_("This link is no longer valid. Ask for a new invitation."))
    return Place(link, invitation, Organization.objects.current())


def join(place: Place, user: User, *, facts: RequestFacts, at: datetime) -> Membership:
    """Make a signed-in person a member. Raises InvitationNotOpen, AlreadyMember."""
    actor = stranger(place.organization, request_id=facts.request_id, address=facts.address)
    return accept_invitation(
        place.invitation, actor=actor, at=at, user=user, version=place.link.version
    )


def join_as_newcomer(
    place: Place, *, facts: RequestFacts, at: datetime, name: str, password: str
) -> Membership:
    """Make the account and the member in one transaction: both or neither.

    Raises NotPermitted where single sign-on is the only way in.
    """
    if Policy.objects.get().enforces_sso(at=at):
        raise NotPermitted(
            _("This workspace is opened by single sign-on only. Sign in by it, and you are in.")
        )
    try:
        with transaction.atomic():
            user = User.objects.create_user(place.invitation.email, password, name=name.strip())
            prove_address(user)
            return join(place, user, facts=facts, at=at)
    except IntegrityError as taken:
        raise InvitationNotOpen(
            _("There is an account with this address by now. Sign in, then open the link again.")
        ) from taken
