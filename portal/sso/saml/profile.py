"""Our own rules on top of the judge: each value present once, and exactly ours."""

import re
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
    SUCCESS,
)

SKEW = timedelta(seconds=60)
FOR_EVER = datetime(9000, 1, 1, tzinfo=UTC)
MAX_SUBJECT = 190
NAMESPACES = {"saml": SAML, "samlp": "urn:oasis:names:tc:SAML:2.0:protocol"}
_FORMATS = frozenset({"", FORMAT_EMAIL, FORMAT_PERSISTENT, FORMAT_UNSPECIFIED})
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,180}[a-z0-9])")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")


@dataclass(frozen=True)
class VerifiedAssertion:
    """What a verified assertion says; nothing else of the response is used."""

    assertion_id: str
    in_response_to: str
    expires_at: datetime
    identity: Identity


def read_verified(guarded: GuardedResponse, parties: Parties, *, at: datetime) -> VerifiedAssertion:
    """Hold a judged response to our profile and read it. Raises SignInRefused."""
    _check_addresses(guarded, parties)
    expires_at = _check_times(guarded.assertion, at)
    in_response_to = _check_confirmation(guarded, parties, at=at)
    attributes = _attributes(guarded.assertion)
    subject, subject_format = _subject(guarded.assertion)
    return VerifiedAssertion(
        assertion_id=str(guarded.assertion.get("ID")),
        in_response_to=in_response_to,
        expires_at=expires_at + SKEW,
        identity=Identity(
            subject=subject,
            email=_email(attributes, subject, subject_format),
            name=_name(attributes),
            authenticated_at=_authenticated_at(guarded.assertion, at),
            claims={name: tuple(values) for name, values in attributes.items()},
        ),
    )


def _check_addresses(guarded: GuardedResponse, parties: Parties) -> None:
    response, assertion = guarded.response, guarded.assertion
    code = _one(response, "samlp:Status/samlp:StatusCode", Reason.NOT_SUCCESS)
    _equal(code.get("Value"), SUCCESS, Reason.NOT_SUCCESS)
    for part in (response, assertion):
        _equal(part.get("Version"), "2.0", Reason.WRONG_STRUCTURE)
        issuer = _one(part, "saml:Issuer", Reason.ISSUER)
        _equal(issuer.text, parties.idp_entity_id, Reason.ISSUER)
    _equal(response.get("Destination"), parties.acs_url, Reason.DESTINATION)
    restriction = _one(assertion, "saml:Conditions/saml:AudienceRestriction", Reason.AUDIENCE)
    audience = _one(restriction, "saml:Audience", Reason.AUDIENCE)
    _equal(audience.text, parties.entity_id, Reason.AUDIENCE)


def _check_times(assertion: etree._Element, at: datetime) -> datetime:
    conditions = _one(assertion, "saml:Conditions", Reason.CONFIRMATION)
    _not_before(conditions.get("NotBefore"), at)
    expires_at = _not_on_or_after(conditions.get("NotOnOrAfter"), at)
    statement = _one(assertion, "saml:AuthnStatement", Reason.WRONG_STRUCTURE)
    session_end = statement.get("SessionNotOnOrAfter")
    if session_end is not None:
        _not_on_or_after(session_end, at)
    return expires_at


def _check_confirmation(guarded: GuardedResponse, parties: Parties, *, at: datetime) -> str:
    """One bearer confirmation for this address, answering a request. Returns that request."""
    confirmation = _one(
        guarded.assertion, "saml:Subject/saml:SubjectConfirmation", Reason.CONFIRMATION
    )
    _equal(confirmation.get("Method"), BEARER, Reason.CONFIRMATION)
    data = _one(confirmation, "saml:SubjectConfirmationData", Reason.CONFIRMATION)
    _equal(data.get("Recipient"), parties.acs_url, Reason.RECIPIENT)
    _not_before(data.get("NotBefore"), at)
    _not_on_or_after(data.get("NotOnOrAfter"), at)
    answered = str(data.get("InResponseTo", ""))
    # The outer value is unsigned when only the assertion is signed: both must agree.
    if not answered or guarded.response.get("InResponseTo") != answered:
        raise SignInRefused(Reason.UNSOLICITED)
    return answered


def _authenticated_at(assertion: etree._Element, at: datetime) -> datetime:
    statement = _one(assertion, "saml:AuthnStatement", Reason.WRONG_STRUCTURE)
    instant = _instant(statement.get("AuthnInstant"))
    if instant > at + SKEW:
        raise SignInRefused(Reason.TOO_EARLY, received=instant.isoformat())
    return instant


def _subject(assertion: etree._Element) -> tuple[str, str]:
    name_id = _one(assertion, "saml:Subject/saml:NameID", Reason.SUBJECT)
    subject, subject_format = name_id.text or "", str(name_id.get("Format", ""))
    plain = subject.isprintable() and subject == subject.strip()
    if not subject or len(subject) > MAX_SUBJECT or not plain:
        raise SignInRefused(Reason.SUBJECT, received=f"{len(subject)} characters")
    if subject_format not in _FORMATS:
        raise SignInRefused(Reason.SUBJECT, received=subject_format)
    return subject, subject_format


def _attributes(assertion: etree._Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for attribute in _all(assertion, "saml:AttributeStatement/saml:Attribute"):
        name = str(attribute.get("Name", "")).lower()
        if not name or name in found:
            raise SignInRefused(Reason.ATTRIBUTES, received=name)
        found[name] = [value.text or "" for value in _all(attribute, "saml:AttributeValue")]
    return found


def _email(attributes: dict[str, list[str]], subject: str, subject_format: str) -> str:
    values = [v for name in EMAIL_ATTRIBUTES for v in attributes.get(name, [])]
    if not values and subject_format == FORMAT_EMAIL:
        values = [subject]
    addresses = {value.strip().lower() for value in values}
    if len(addresses) != 1:
        raise SignInRefused(Reason.NO_EMAIL, received=f"{len(addresses)} addresses")
    address = addresses.pop()
    if not address.isascii() or not _EMAIL.fullmatch(address):
        raise SignInRefused(Reason.NO_EMAIL)
    return address


def _name(attributes: dict[str, list[str]]) -> str:
    for attribute in NAME_ATTRIBUTES:
        values = [v.strip() for v in attributes.get(attribute, []) if v.strip()]
        if values and values[0].isprintable():
            return values[0][:120]
    return ""


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


def _one(parent: etree._Element, path: str, reason: Reason) -> etree._Element:
    found = _all(parent, path)
    if len(found) != 1:
        raise SignInRefused(
            reason, expected=f"one {path.rpartition(':')[2]}", received=str(len(found))
        )
    return found[0]


def _all(parent: etree._Element, path: str) -> list[etree._Element]:
    return parent.findall(path, NAMESPACES)
