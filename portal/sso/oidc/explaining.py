"""The verdict on one sign-in for an admin: every rule, and what this organization makes of it."""

from django.utils.translation import gettext as _

from portal.sso.models import Domain
from portal.sso.oidc.findings import Examination
from portal.sso.rules import domain_of
from portal.sso.verdicts import Check


def explain(examination: Examination) -> tuple[Check, ...]:
    """Inside the organization's scope. The last checks inform only: nobody is refused for them."""
    identity = examination.identity
    if identity is None:
        return examination.checks
    return (
        *examination.checks,
        _domain(identity.email),
        _name(identity.name),
        _groups(examination),
    )


def _domain(email: str) -> Check:
    name = domain_of(email)
    is_proven = Domain.objects.verified().filter(name=name).exists()
    return Check(
        rule=_("The address is in a domain you have proven"),
        passed=is_proven,
        expected=_("a proven domain"),
        received=name,
        fix="" if is_proven else _("Prove %s here, or give the person another address.") % name,
    )


def _name(name: str) -> Check:
    return Check(
        rule=_("Name"),
        passed=True,
        expected=_("a name to show"),
        received=_("sent") if name else _("nothing: the address is shown instead"),
    )


def _groups(examination: Examination) -> Check:
    groups = examination.claims.get("groups")
    if examination.groups_left_out:
        return Check(
            rule=_("Groups"),
            passed=True,
            expected=_("the groups, if you map them"),
            received=_("too many to send: treated as not sent, so nothing changes"),
            fix=_("In Entra, send only the groups that are assigned to the application."),
        )
    return Check(
        rule=_("Groups"),
        passed=True,
        expected=_("the groups, if you map them"),
        received=_("nothing") if groups is None else _("%d groups") % len(groups),
    )
