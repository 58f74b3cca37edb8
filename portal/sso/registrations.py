"""What single sign-on adds to the registries of lower layers."""

from importlib import import_module

from django.utils.translation import gettext_lazy as _

from portal.sso.attention import waiting_for
from portal.sso.models import ClaimRule
from portal.sso.refused import refused_attempts
from portal.ui import waiting
from portal.ui.navigation import NavItem, register
from tenants import givers, sign_ins
from tenants.permissions import Permission

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
waiting.register(waiting_for)
sign_ins.register(refused_attempts)
givers.register(
    "values of a claim", lambda role: ClaimRule.objects.filter(custom_role=role).count()
)
import_module("portal.sso.sweeps")
import_module("portal.sso.api")
