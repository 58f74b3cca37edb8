"""Builds the demo's world once, and completes it when a start was interrupted."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.demo.history import build_history
from portal.demo.people import acting, build_customer, build_vendor, member_of, scope_of
from portal.demo.support import build_rules
from portal.demo.world import CUSTOMERS
from portal.sso.demo import connect_demo


def build(at: datetime) -> None:
    """Every step looks whether it was done, so that a second start changes nothing."""
    require_demo()
    vendor = build_vendor(at)
    with scope_of(vendor):
        build_rules(at)
    for firm in CUSTOMERS:
        organization = build_customer(firm, vendor, at)
        with scope_of(organization):
            connect_demo(actor=acting(member_of(firm.people[0]), at=at), at=at)
            build_history(firm, at)


def require_demo() -> None:
    if not settings.DEMO:
        message = "Demo accounts have known passwords: set DEMO=true, on a machine of your own."
        raise ImproperlyConfigured(message)
