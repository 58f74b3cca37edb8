"""Builds the demo's world once, and completes it when a start was interrupted."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.models import Event
from audit.names import EventName
from portal.demo.history import build_history
from portal.demo.people import acting, build_customer, build_vendor, member_of, scope_of
from portal.demo.support import build_rules
from portal.demo.world import CUSTOMERS, Firm
from portal.sso.demo import connect_demo
from tenants.models import Membership, Organization
from tenants.scoping import system_scope


def build(at: datetime) -> None:
    """Every step looks whether it was done, so that a second start changes nothing.

    Once somebody has signed in to a workspace, it is theirs: nothing is put back.
    """
    require_demo()
    vendor = build_vendor(at)
    with scope_of(vendor):
        build_rules(at)
    for firm in CUSTOMERS:
        known = _known(firm)
        if known is None or not _is_in_use(known):
            _build(firm, vendor, at)
        elif known.status == Organization.Status.ACTIVE:
            _reconnect(firm, known, at)


def _build(firm: Firm, vendor: Organization, at: datetime) -> None:
    organization = build_customer(firm, vendor, at)
    with scope_of(organization):
        connect_demo(actor=acting(member_of(firm.people[0]), at=at), at=at)
        build_history(firm, at)


def _known(firm: Firm) -> Organization | None:
    with system_scope("demo organizations, closed ones too"):
        return Organization.objects.filter(slug=firm.slug).first()


def _is_in_use(organization: Organization) -> bool:
    """Somebody came in: whom they revoked and what they deleted or closed stays so."""
    with scope_of(organization):
        came = Event.objects.filter(organization_id=organization.pk, name=EventName.ENTRY_OPENED)
        return organization.status != Organization.Status.ACTIVE or came.exists()


def _reconnect(firm: Firm, organization: Organization, at: datetime) -> None:
    """The identity provider is at another port, perhaps. Not without the owner, who set it up."""
    with scope_of(organization):
        owner = Membership.objects.filter(email=firm.people[0].email).first()
        if owner is not None and owner.is_active(at=at):
            connect_demo(actor=acting(owner, at=at), at=at)


def require_demo() -> None:
    if not settings.DEMO:
        message = "Demo accounts have known passwords: set DEMO=true, on a machine of your own."
        raise ImproperlyConfigured(message)
