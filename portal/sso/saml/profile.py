"""Our own rules on top of the judge: each value present once, and exactly ours.

Each rule stands alone, so that a sign-in can be judged by all and explained one by one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from portal.sso.identity import Identity
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.guard import GuardedResponse
from portal.sso.saml.judge import Parties
from portal.sso.saml.names import (
    BEARER,
    EMAIL_ATTRIBUTES,
    FORMAT_EMAIL,
    FORMAT_PERSISTENT,
    FORMAT_UNSPECIFIED,
    NAME_ATTRIBUTES,
    SAML,
    SAMLP,
    SUCCESS,
)

SKEW = timedelta(seconds=60)
FOR_EVER = datetime(9000, 1, 1, tzinfo=UTC)
MAX_SUBJECT = 190
NAMESPACES = {"saml": SAML, "samlp": SAMLP}
LASTING_FORMATS = frozenset({"", FORMAT_EMAIL, FORMAT_PERSISTENT, FORMAT_UNSPECIFIED})
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,180}[a-z0-9])")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")

Attributes = dict[str, list[str]]


@dataclass(frozen=True)
class VerifiedAssertion:
    """What a verified assertion says; nothing else of the response is used."""

    assertion_id: str
    # Empty when the identity provider sent it on its own account, and may.
    in_response_to: str
    expires_at: datetime
    identity: Identity


def read_verified(guarded: GuardedResponse, parties: Parties, *, at: datetime) -> VerifiedAssertion:
    """Hold a judged response to our profile and read it. Raises SignInRefused."""
    for rule in (check_status, check_version):
        rule(guarded)
    for addressed in (check_issuer, check_destination, check_audience):
        addressed(guarded, parties)
    expires_at = check_validity(guarded, at)
    check_confirmation(guarded, at)
    check_recipient(guarded, parties)
    in_response_to = read_answered_request(guarded, parties)
    attributes = read_attributes(guarded)
    return VerifiedAssertion(
        assertion_id=str(guarded.assertion.get("ID")),
        in_response_to=in_response_to,
        expires_at=expires_at + SKEW,
        identity=Identity(
            subject=read_subject(guarded),
            email=read_email(guarded, attributes),
            name=read_name(attributes),
            authenticated_at=read_authenticated_at(guarded, at),
            claims={name: tuple(values) for name, values in attributes.items()},
        ),
    )


def check_status(guarded: GuardedResponse) -> None:
    code = one(guarded.response, "samlp:Status/samlp:StatusCode", Reason.NOT_SUCCESS)
    _equal(code.get("Value"), SUCCESS, Reason.NOT_SUCCESS)


def check_version(guarded: GuardedResponse) -> None:
    for part in (guarded.response, guarded.assertion):
        _equal(part.get("Version"), "2.0", Reason.WRONG_STRUCTURE)


def check_issuer(guarded: GuardedResponse, parties: Parties) -> None:
    for part in (guarded.response, guarded.assertion):
        issuer = one(part, "saml:Issuer", Reason.ISSUER)
        _equal(issuer.text, parties.idp_entity_id, Reason.ISSUER)


def check_destination(guarded: GuardedResponse, parties: Parties) -> None:
    _equal(guarded.response.get("Destination"), parties.acs_url, Reason.DESTINATION)


def check_audience(guarded: GuardedResponse, parties: Parties) -> None:
    restriction = one(
        guarded.assertion, "saml:Conditions/saml:AudienceRestriction", Reason.AUDIENCE
    )
    audience = one(restriction, "saml:Audience", Reason.AUDIENCE)
    _equal(audience.text, parties.entity_id, Reason.AUDIENCE)


def check_validity(guarded: GuardedResponse, at: datetime) -> datetime:
    """When the assertion ends."""
    conditions = one(guarded.assertion, "saml:Conditions", Reason.CONFIRMATION)
    _not_before(conditions.get("NotBefore"), at)
    expires_at = _not_on_or_after(conditions.get("NotOnOrAfter"), at)
    session_end = _statement(guarded).get("SessionNotOnOrAfter")
    if session_end is not None:
        _not_on_or_after(session_end, at)
    return expires_at


def check_confirmation(guarded: GuardedResponse, at: datetime) -> None:
    """One bearer confirmation, and it still holds."""
    data = _confirmation_data(guarded)
    _not_before(data.get("NotBefore"), at)
    _not_on_or_after(data.get("NotOnOrAfter"), at)


def check_recipient(guarded: GuardedResponse, parties: Parties) -> None:
    _equal(_confirmation_data(guarded).get("Recipient"), parties.acs_url, Reason.RECIPIENT)


def read_answered_request(guarded: GuardedResponse, parties: Parties) -> str:
    """The request that both the confirmation and the response name.

    Empty if neither names one, where the organization accepts sign-ins nobody asked for.
    """
    # The outer value is unsigned when only the assertion is signed: both must agree.
    inner = _confirmation_data(guarded).get("InResponseTo")
    outer = guarded.response.get("InResponseTo")
    if inner is None and outer is None and parties.accepts_unsolicited:
        return ""
    if not inner or outer != inner:
        raise SignInRefused(
            Reason.UNSOLICITED,
            expected="one request, named in both places",
            received=f"{outer or 'nothing'} and {inner or 'nothing'}",
        )
    return str(inner)


def read_authenticated_at(guarded: GuardedResponse, at: datetime) -> datetime:
    instant = _instant(_statement(guarded).get("AuthnInstant"))
    if instant > at + SKEW:
        raise SignInRefused(Reason.TOO_EARLY, received=instant.isoformat())
    return instant


def read_subject(guarded: GuardedResponse) -> str:
    name_id = one(guarded.assertion, "saml:Subject/saml:NameID", Reason.SUBJECT)
    subject = name_id.text or ""
    plain = subject.isprintable() and subject == subject.strip()
    if not subject or len(subject) > MAX_SUBJECT or not plain:
        raise SignInRefused(Reason.SUBJECT, received=f"{len(subject)} characters")
    if format_of_subject(guarded) not in LASTING_FORMATS:
        raise SignInRefused(Reason.SUBJECT, received=format_of_subject(guarded))
    return subject


def format_of_subject(guarded: GuardedResponse) -> str:
    name_id = guarded.assertion.find("saml:Subject/saml:NameID", NAMESPACES)
    return str(name_id.get("Format", "")) if name_id is not None else ""


def read_attributes(guarded: GuardedResponse) -> Attributes:
    """Values by lower-case name. An attribute that came empty has none."""
    found: Attributes = {}
    path = "saml:AttributeStatement/saml:Attribute"
    for attribute in guarded.assertion.findall(path, NAMESPACES):
        name = str(attribute.get("Name", "")).lower()
        if not name or name in found:
            raise SignInRefused(Reason.ATTRIBUTES, received=name)
        values = attribute.findall("saml:AttributeValue", NAMESPACES)
        found[name] = [value.text or "" for value in values]
    return found


def claims_in(guarded: GuardedResponse) -> Mapping[str, tuple[str, ...]]:
    """The attributes as far as they can be read."""
    try:
        found = read_attributes(guarded)
    except SignInRefused:
        return {}
    return {name: tuple(values) for name, values in found.items()}


def read_email(guarded: GuardedResponse, attributes: Attributes) -> str:
    values = [v for name in EMAIL_ATTRIBUTES for v in attributes.get(name, [])]
    if not values and format_of_subject(guarded) == FORMAT_EMAIL:
        values = [read_subject(guarded)]
    addresses = {value.strip().lower() for value in values}
    if len(addresses) != 1:
        raise SignInRefused(Reason.NO_EMAIL, received=f"{len(addresses)} addresses")
    address = addresses.pop()
    if not address.isascii() or not _EMAIL.fullmatch(address):
        raise SignInRefused(Reason.NO_EMAIL)
    return address


def read_name(attributes: Attributes) -> str:
    for attribute in NAME_ATTRIBUTES:
        values = [v.strip() for v in attributes.get(attribute, []) if v.strip()]
        if values and values[0].isprintable():
            return values[0][:120]
    return ""


def _statement(guarded: GuardedResponse) -> etree._Element:
    return one(guarded.assertion, "saml:AuthnStatement", Reason.WRONG_STRUCTURE)


def _confirmation_data(guarded: GuardedResponse) -> etree._Element:
    confirmation = one(
        guarded.assertion, "saml:Subject/saml:SubjectConfirmation", Reason.CONFIRMATION
    )
    _equal(confirmation.get("Method"), BEARER, Reason.CONFIRMATION)
    return one(confirmation, "saml:SubjectConfirmationData", Reason.CONFIRMATION)


def _not_before(value: str | None, at: datetime) -> None:
    if value is not None and _instant(value) > at + SKEW:
        raise SignInRefused(Reason.TOO_EARLY, expected=at.isoformat(), received=value)


def _not_on_or_after(value: str | None, at: datetime) -> datetime:
    if value is None:
        raise SignInRefused(Reason.CONFIRMATION, expected="NotOnOrAfter")
    instant = _instant(value)
    if instant + SKEW <= at:
        raise SignInRefused(Reason.EXPIRED, expected=at.isoformat(), received=value)
    return instant


def _instant(value: str | None) -> datetime:
    if value is None or not _INSTANT.fullmatch(value):
        raise SignInRefused(Reason.WRONG_STRUCTURE, expected="a UTC instant", received=value or "")
    try:
        # Some say 9999-12-31 for ever, from which no minute can be counted on.
        return min(datetime.fromisoformat(value[:19]).replace(tzinfo=UTC), FOR_EVER)
    except ValueError as error:
        raise SignInRefused(Reason.WRONG_STRUCTURE, received=value) from error


def _equal(received: str | None, expected: str, reason: Reason) -> None:
    if received != expected:
        raise SignInRefused(reason, expected=expected, received=received or "nothing")


def one(parent: etree._Element, path: str, reason: Reason) -> etree._Element:
    """The only element at `path`. Raises SignInRefused."""
    found = parent.findall(path, NAMESPACES)
    if len(found) != 1:
        raise SignInRefused(
            reason, expected=f"one {path.rpartition(':')[2]}", received=str(len(found))
        )
    return found[0]
