"""How far a connection is: described, its domain proven, tested, active."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.sso.configuration import is_tested
from portal.sso.models import Connection


@dataclass(frozen=True, slots=True)
class Step:
    """One step as the list of steps draws it."""

    title: str
    detail: str
    tone: str = "neutral"
    at: datetime | None = None


def is_described(connection: Connection) -> bool:
    if connection.is_saml:
        return bool(connection.idp_entity_id and connection.idp_sso_url and connection.certificate)
    return bool(connection.hosted_domain or connection.tenant_id or connection.issuer)


def steps_of(connection: Connection, *, domains: Sequence[str]) -> list[Step]:
    return [
        _described(connection),
        _proven(domains),
        _tested(connection),
        _active(connection),
    ]


def _described(connection: Connection) -> Step:
    if is_described(connection):
        return Step(_("Both sides know each other"), _("The settings are filled in."), "ok")
    return Step(_("Let both sides know each other"), _("Our values there, theirs here."), "info")


def _proven(domains: Sequence[str]) -> Step:
    if domains:
        return Step(_("A domain is proven"), ", ".join(domains[:3]), "ok")
    return Step(_("Prove a domain"), _("Only addresses in a proven domain are let in."), "warn")


def _tested(connection: Connection) -> Step:
    if is_tested(connection):
        return Step(
            _("A test login passed"),
            _("With exactly this configuration."),
            "ok",
            connection.tested_at,
        )
    if connection.tested_at:
        said = _("Something was changed since the last one.")
        return Step(_("Test it again"), said, "warn" if is_described(connection) else "neutral")
    tone = "info" if is_described(connection) else "neutral"
    return Step(_("Pass a test login"), _("You see every rule and every claim."), tone)


def _active(connection: Connection) -> Step:
    if connection.is_in_use:
        return Step(_("It signs people in"), "", "ok", connection.activated_at)
    tone = "info" if is_tested(connection) else "neutral"
    return Step(_("Activate it"), _("Possible once the test has passed."), tone)
