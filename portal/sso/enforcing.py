"""What must be shown before single sign-on becomes the only way in, and stay true afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.sso.configuration import is_tested
from portal.sso.emergency import proven_doors
from portal.sso.models import Connection, Domain
from portal.sso.rules import FEWEST_DOORS
from tenants.models import Organization, Policy


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One line of the checklist, with the page on which it is met."""

    title: str | Promise
    refusal: str | Promise
    is_met: bool
    url_name: str


def requirements(policy: Policy, organization: Organization, *, at: datetime) -> list[Requirement]:
    usable = usable_connections(policy)
    return [
        Requirement(
            title=_("An SSO connection of an allowed kind is in use"),
            refusal=_("Activate an SSO connection of an allowed kind."),
            is_met=bool(usable) and not organization.is_vendor,
            url_name="connection-list",
        ),
        Requirement(
            title=_("A test login passed with exactly its present configuration"),
            refusal=_("Pass a test login with the present configuration."),
            is_met=any(is_tested(connection) for connection in usable),
            url_name="connection-list",
        ),
        Requirement(
            title=_("A domain is proven: without one nobody is let in"),
            refusal=_("Prove a domain."),
            is_met=Domain.objects.verified().exists(),
            url_name="connection-list",
        ),
        Requirement(
            title=_("Two break-glass owners have proven that their codes open"),
            refusal=_("Have two break-glass owners prove that their codes open."),
            is_met=len(proven_doors(at=at)) >= FEWEST_DOORS,
            url_name="break-glass-show",
        ),
    ]


def missing(policy: Policy, organization: Organization, *, at: datetime) -> list[Requirement]:
    return [one for one in requirements(policy, organization, at=at) if not one.is_met]


def usable_connections(policy: Policy) -> list[Connection]:
    """Those that sign people in and are of a kind that the policy accepts."""
    rows = Connection.objects.in_use().order_by("created_at")
    return [connection for connection in rows if policy.allows(connection.kind)]


def keeps_a_way_in(policy: Policy, at: datetime) -> Mapping[str, str]:
    """A policy that enforces single sign-on must leave a connection that opens."""
    if not policy.enforces_sso(at=at) or usable_connections(policy):
        return {}
    kinds = sorted({connection.kind for connection in Connection.objects.in_use()})
    said = str(_("Single sign-on is enforced, and this is its last way in."))
    return {f"{kind}_allowed": said for kind in kinds} or {"saml_allowed": said}
