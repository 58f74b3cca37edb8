"""A Microsoft directory by one of its domains, and the way to its admin's consent."""

from django.conf import settings
from django.core import signing
from django.utils.http import urlencode

from audit.refusals import Invalid
from portal.sso.models import Connection
from portal.sso.oidc.addresses import discovery_url
from portal.sso.oidc.applications import redirect_uri_of
from portal.sso.oidc.fetching import get_json
from portal.sso.oidc.kinds import is_directory
from portal.sso.refusals import SignInRefused
from portal.sso.rules import is_domain

# How long an admin may think about it at Microsoft.
_CONSENT_SECONDS = 3600
_SALT = "gatehouse.sso.consent"


def directory_of(said: str) -> str:
    """The directory's ID; Microsoft is asked when a domain was given. Raises Invalid."""
    wanted = said.strip().lower()
    if not is_domain(wanted):
        return wanted
    try:
        found = get_json(discovery_url(f"{settings.MICROSOFT_AUTHORITY}/{wanted}/v2.0"))
    except SignInRefused as refusal:
        raise _unknown(wanted) from refusal
    issuer = str(found.get("issuer", "")).lower().rstrip("/")
    directory = issuer.removesuffix("/v2.0").rpartition("/")[2]
    if not is_directory(directory):
        raise _unknown(wanted)
    return directory


def consent_url(connection: Connection) -> str:
    """Where an admin of the directory lets our application in for everybody."""
    client_id = connection.client_id or settings.MICROSOFT_CLIENT_ID
    if connection.kind != Connection.Kind.MICROSOFT or not (connection.tenant_id and client_id):
        return ""
    asked = {
        "client_id": client_id,
        "redirect_uri": redirect_uri_of(connection),
        "state": f"{connection.pk.hex}.{signing.dumps(connection.pk.hex, salt=_SALT)}",
    }
    where = f"{settings.MICROSOFT_AUTHORITY}/{connection.tenant_id}/adminconsent"
    return f"{where}?{urlencode(asked)}"


def is_answer_to_us(connection: Connection, state: str) -> bool:
    """Whether a consent was asked for by `consent_url` of this connection, not long ago."""
    try:
        asked_for = signing.loads(state.partition(".")[2], salt=_SALT, max_age=_CONSENT_SECONDS)
    except signing.BadSignature:
        return False
    return bool(asked_for == connection.pk.hex)


def _unknown(domain: str) -> Invalid:
    said = f"Microsoft knows no directory of {domain}. Enter its ID instead."
    return Invalid(said, {"tenant_id": said})
