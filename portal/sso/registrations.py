"""What single sign-on adds to the registries of lower layers."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7_floor
from portal.queue.sweeping import sweep
from portal.sso.models import SignInAttempt, UsedAssertion
from portal.sso.rules import ATTEMPTS_LAST
from portal.ui.navigation import NavItem, register
from tenants.permissions import Permission
from tenants.scoping import system_scope

register(
    NavItem(
        section=_("Organization"),
        label=_("Single sign-on"),
        url_name="connection-list",
        icon="fingerprint-pattern",
        permission=Permission.SSO_VIEW,
        order=620,
    )
)
register(
    NavItem(
        section=_("Organization"),
        label=_("Sign-in policy"),
        url_name="sign-in-policy",
        icon="door-closed-locked",
        permission=Permission.POLICY_VIEW,
        order=625,
    )
)


@sweep("sso.forget_assertions", every=timedelta(minutes=10))
def forget_assertions(at: datetime) -> None:
    """Drop used assertions that have expired: they would be refused for their age alone."""
    with system_scope("used assertions"):
        UsedAssertion.unscoped.filter(expires_at__lt=at).delete()


@sweep("sso.forget_attempts", every=timedelta(hours=1))
def forget_attempts(at: datetime) -> None:
    """Drop the flight recorder's rows that are older than it promises."""
    with system_scope("sign-in attempts that are over"):
        SignInAttempt.unscoped.filter(id__lt=uuid7_floor(at - ATTEMPTS_LAST)).delete()
