"""Who is told: named when the event is read, resolved to an address when the letter is sent."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from audit.models import Event
from portal.outlets.letters import Recipient
from portal.sso.models import SetupLink
from tenants.models import Invitation, Membership, Organization
from tenants.permissions import Permission
from tenants.resolving import vendor_organization
from tenants.scoping import organization_scope

Chosen = Iterable[str]
Choose = Callable[[Event, datetime], Chosen]

SECURITY = "security"
VENDOR = "vendor"
FORMER = "former"


def person(member_id: UUID | None) -> list[str]:
    return [f"member:{member_id}"] if member_id else []


def holders(permission: Permission) -> Choose:
    """Everybody in the organization who holds the permission now."""

    def choose(_event: Event, at: datetime) -> Chosen:
        members = Membership.objects.holders(permission, at=at)
        return [f"member:{member_id}" for member_id in members.values_list("id", flat=True)]

    return choose


def vendor_holders(permission: Permission) -> Choose:
    """Everybody of the vendor's staff who holds the permission."""

    def choose(event: Event, at: datetime) -> Chosen:
        vendor = vendor_organization()
        if vendor is None:
            return []
        with organization_scope(vendor.pk):
            keys = list(holders(permission)(event, at))
        return [key.replace("member:", "staff:") for key in keys]

    return choose


def actor(event: Event, _at: datetime) -> Chosen:
    """Whoever did it, when that is a member of this organization."""
    return person(event.actor_id) if event.actor_kind in ("member", "token") else []


def target(event: Event, _at: datetime) -> Chosen:
    return person(event.target_id) if event.target_kind == "member" else []


def subject_of(event: Event) -> UUID:
    """The target's id; one that no row has, when the event has none."""
    return event.target_id or UUID(int=0)


def invited(event: Event, _at: datetime) -> Chosen:
    return [f"invitation:{event.target_id}"]


def fixed(key: str) -> Choose:
    return lambda _event, _at: [key]


def both(*choices: Choose) -> Choose:
    """All of them, each once, in this order."""

    def choose(event: Event, at: datetime) -> Chosen:
        return dict.fromkeys(key for one in choices for key in one(event, at))

    return choose


def setup_holder(event: Event, _at: datetime) -> Chosen:
    """Where a set-up link goes, when it is to be mailed at all."""
    return [f"setup:{event.target_id}"] if event.facts.get("mailed") else []


def without_actor(choose_from: Choose) -> Choose:
    """Nobody needs a mail about what they have just done."""

    def choose(event: Event, at: datetime) -> Chosen:
        mine = set(person(event.actor_id))
        return [key for key in choose_from(event, at) if key not in mine]

    return choose


def resolve(key: str, event: Event) -> Recipient | None:
    """The address as it is now; None when there is nobody to write to any more."""
    kind, _colon, identifier = key.partition(":")
    if kind in _BY_ID:
        return _BY_ID[kind](UUID(identifier))
    return _FIXED[kind](event)


def _member(member_id: UUID) -> Recipient | None:
    member = Membership.objects.filter(pk=member_id).first()
    if member is None or member.status != Membership.Status.ACTIVE:
        return None
    return Recipient(member.email, member.name, member.pk)


def _staff(member_id: UUID) -> Recipient | None:
    vendor = vendor_organization()
    if vendor is None:
        return None
    with organization_scope(vendor.pk):
        found = _member(member_id)
    return replace(found, is_staff=True) if found else None


def _invitation(invitation_id: UUID) -> Recipient | None:
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is None:
        return None
    return Recipient(invitation.email, invitation.name, invitation.pk)


def _setup(link_id: UUID) -> Recipient | None:
    link = SetupLink.objects.filter(pk=link_id).first()
    return Recipient(link.email, "", link.pk) if link and link.email else None


def _security(_event: Event) -> Recipient | None:
    contact = Organization.objects.current().security_contact
    return Recipient(contact) if contact else None


def _vendor(_event: Event) -> Recipient | None:
    vendor = vendor_organization()
    return Recipient(vendor.security_contact) if vendor and vendor.security_contact else None


def _former_address(event: Event) -> Recipient | None:
    """Where a person could be reached before they changed the address."""
    before = event.people().get("before", "")
    return Recipient(before, "", event.target_id) if "@" in before else None


_BY_ID = {"member": _member, "staff": _staff, "invitation": _invitation, "setup": _setup}
_FIXED = {SECURITY: _security, VENDOR: _vendor, FORMER: _former_address}
