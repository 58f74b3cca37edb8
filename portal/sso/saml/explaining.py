"""A SAML response rule by rule: what was expected, what came, and how to mend it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from django.utils.translation import gettext as _
from lxml import etree

from portal.sso.connecting import keys_of, parties_of
from portal.sso.models import Connection
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml import profile
from portal.sso.saml.certificates import CertificateWrong, read_certificate
from portal.sso.saml.guard import GuardedResponse, guard
from portal.sso.saml.judge import Parties, fits_schema
from portal.sso.saml.names import FORMAT_EMAIL
from portal.sso.saml.signatures import (
    algorithm_of,
    matching_slot,
    sent_certificate,
    signature_in,
)
from portal.sso.verdicts import Check

# How much of a fingerprint tells two certificates apart on a screen.
_FINGERPRINT = 23


@dataclass(frozen=True)
class Case:
    """What all rules look at."""

    guarded: GuardedResponse
    parties: Parties
    at: datetime


def explain(encoded: str, connection: Connection, *, at: datetime) -> tuple[Check, ...]:
    """Every rule, or the one about the structure when the document is not safe to look into."""
    try:
        guarded = guard(encoded, keys_of(connection))
    except SignInRefused as refusal:
        return (unreadable(refusal),)
    return explain_guarded(guarded, connection, at=at)


def explain_guarded(
    guarded: GuardedResponse, connection: Connection, *, at: datetime
) -> tuple[Check, ...]:
    case = Case(guarded, parties_of(connection), at)
    return tuple(rule(case) for rule in _RULES)


def unreadable(refusal: SignInRefused) -> Check:
    """The verdict of the guard: the rest of the document was not looked at."""
    return Check(
        rule=_("Structure"),
        passed=False,
        expected=refusal.expected or _("one assertion, plainly built and signed"),
        received=refusal.received or refusal.message,
        fix=_FIXES_OF_STRUCTURE.get(refusal.reason, _fix_structure)(),
    )


def _fix_structure() -> str:
    return _("Leave the response as the identity provider makes it; nothing may rewrite it.")


_FIXES_OF_STRUCTURE: dict[Reason, Callable[[], str]] = {
    Reason.UNSIGNED: lambda: _(
        "Switch on “sign assertion” at the identity provider; signing only the response is not "
        "enough."
    ),
    Reason.WEAK_ALGORITHM: lambda: _(
        "Choose SHA-256 as signature and digest algorithm at the identity provider."
    ),
    Reason.WEAK_ENCRYPTION: lambda: _(
        "Choose AES-GCM with RSA-OAEP at the identity provider, or switch encryption off."
    ),
    Reason.DECRYPTION: lambda: _(
        "Give the identity provider our current certificate: read our metadata again there."
    ),
    Reason.ENCRYPTED: lambda: _(
        "Encrypt the whole assertion or nothing; a NameID or attribute alone must stay plain."
    ),
    Reason.NOT_SUCCESS: lambda: _(
        "The identity provider refused. Look in its log; often the person is not assigned to "
        "the application."
    ),
    Reason.TOO_LARGE: lambda: _(
        "Send fewer group values: only those assigned to this application."
    ),
}


def _judged(
    title: str, rule: Callable[[], object], *, expected: str, received: str, fix: str
) -> Check:
    try:
        rule()
    except SignInRefused as refusal:
        return Check(
            rule=title,
            passed=False,
            expected=refusal.expected or expected,
            received=refusal.received or received,
            fix=fix,
        )
    return _held(title, expected=expected, received=received)


def _held(title: str, *, expected: str, received: str, note: str = "") -> Check:
    """A rule that was kept; `note` says what would be better still."""
    return Check(rule=title, passed=True, expected=expected, received=received, fix=note)


def _structure(case: Case) -> Check:
    def rule() -> None:
        profile.check_version(case.guarded)
        # Around a ciphertext the guard has looked more closely than the schema does.
        if not fits_schema(case.guarded.response):
            raise SignInRefused(Reason.WRONG_STRUCTURE, received=_("does not fit the schema"))

    expected = _("one assertion, as the SAML schema says")
    return _judged(_("Structure"), rule, expected=expected, received=expected, fix=_fix_structure())


def _status(case: Case) -> Check:
    code = case.guarded.response.find("samlp:Status/samlp:StatusCode", profile.NAMESPACES)
    value = str(code.get("Value", "")) if code is not None else ""
    return _judged(
        _("Status"),
        lambda: profile.check_status(case.guarded),
        expected=_("Success"),
        received=value.rpartition(":")[2],
        fix=_FIXES_OF_STRUCTURE[Reason.NOT_SUCCESS](),
    )


def _issuer(case: Case) -> Check:
    issuer = case.guarded.assertion.findtext("saml:Issuer", "", profile.NAMESPACES)
    return _judged(
        _("Issuer"),
        lambda: profile.check_issuer(case.guarded, case.parties),
        expected=case.parties.idp_entity_id,
        received=issuer,
        fix=_(
            "Copy the identity provider's entity ID into this SSO connection, letter for letter."
        ),
    )


def _destination(case: Case) -> Check:
    return _judged(
        _("Destination"),
        lambda: profile.check_destination(case.guarded, case.parties),
        expected=case.parties.acs_url,
        received=case.guarded.response.get("Destination", ""),
        fix=_("Set the ACS URL (reply URL) at the identity provider to the expected address."),
    )


def _signature(case: Case) -> Check:
    certificates = case.parties.certificates
    expected = ", ".join(_shown(pem) for pem in certificates)
    slots = [matching_slot(part, certificates) for part in _signed_parts(case.guarded)]
    if None not in slots:
        received = _slot(certificates, slots[-1] or 0)
        return _held(_("Signature"), expected=expected, received=received)
    sent = next(filter(None, map(sent_certificate, _signed_parts(case.guarded))), "")
    is_ours = _shown(sent) in {_shown(pem) for pem in certificates}
    return Check(
        rule=_("Signature"),
        passed=False,
        expected=expected,
        received=_shown(sent) if sent else _("made with another key"),
        fix=_("The response was changed after signing. Nothing between may rewrite it.")
        if is_ours
        else _("Add the identity provider's current signing certificate to this SSO connection."),
    )


def _signed_parts(guarded: GuardedResponse) -> list[etree._Element]:
    parts = [guarded.sent] if signature_in(guarded.sent) is not None else []
    return [*parts, guarded.assertion] if guarded.signs_assertion else parts


def _slot(certificates: tuple[str, ...], slot: int) -> str:
    name = _("first certificate") if slot == 0 else _("second certificate")
    return f"{name}: {_shown(certificates[slot])}"


def _shown(certificate: str) -> str:
    try:
        return f"SHA-256 {_fingerprint_of(certificate)[:_FINGERPRINT]}…"
    except CertificateWrong:
        return _("a certificate that cannot be read")


@lru_cache(maxsize=256)
def _fingerprint_of(certificate: str) -> str:
    return read_certificate(certificate).fingerprint


def _algorithm(case: Case) -> Check:
    received = ", ".join(algorithm_of(part) for part in _signed_parts(case.guarded))
    return _held(_("Signature algorithm"), expected=_("SHA-256 or better"), received=received)


def _audience(case: Case) -> Check:
    path = "saml:Conditions/saml:AudienceRestriction/saml:Audience"
    found = case.guarded.assertion.findall(path, profile.NAMESPACES)
    return _judged(
        _("Audience"),
        lambda: profile.check_audience(case.guarded, case.parties),
        expected=case.parties.entity_id,
        received=", ".join(audience.text or "" for audience in found),
        fix=_("Set the audience (our entity ID) at the identity provider to the expected value."),
    )


def _recipient(case: Case) -> Check:
    return _judged(
        _("Recipient"),
        lambda: profile.check_recipient(case.guarded, case.parties),
        expected=case.parties.acs_url,
        received=_confirmation(case).get("Recipient", ""),
        fix=_("Set the recipient URL at the identity provider to our ACS URL."),
    )


def _validity(case: Case) -> Check:
    conditions = case.guarded.assertion.find("saml:Conditions", profile.NAMESPACES)
    given = conditions if conditions is not None else etree.Element("none")

    def rule() -> None:
        profile.check_validity(case.guarded, case.at)
        profile.check_confirmation(case.guarded, case.at)
        profile.read_authenticated_at(case.guarded, case.at)

    return _judged(
        _("Validity"),
        rule,
        expected=_("includes %(at)s") % {"at": case.at.strftime("%Y-%m-%dT%H:%M:%SZ")},
        received=f"{given.get('NotBefore', '')} … {given.get('NotOnOrAfter', '')}",
        fix=_("Set the identity provider's clock by NTP, and let assertions last some minutes."),
    )


def _in_response_to(case: Case) -> Check:
    expected = _("the request that Gatehouse sent")
    if case.parties.accepts_unsolicited:
        expected = _("the request that Gatehouse sent, or none at all")
    return _judged(
        _("Request answered"),
        lambda: profile.read_answered_request(case.guarded, case.parties),
        expected=expected,
        received=_confirmation(case).get("InResponseTo", _("none")),
        fix=_("Start from Gatehouse, or accept sign-ins that begin at the identity provider."),
    )


def _name_id(case: Case) -> Check:
    received = profile.format_of_subject(case.guarded).rpartition(":")[2] or _("no format")
    check = _judged(
        "NameID",
        lambda: profile.read_subject(case.guarded),
        expected=_("a lasting identifier: persistent, emailAddress or unspecified"),
        received=received,
        fix=_("Choose a NameID that stays the same for a person: persistent, not transient."),
    )
    if check.passed and profile.format_of_subject(case.guarded) == FORMAT_EMAIL:
        note = _("Works, but an address can change hands: a persistent NameID is better.")
        return replace(check, fix=note)
    return check


def _attributes(case: Case) -> Check:
    names = [
        str(attribute.get("Name", ""))
        for attribute in case.guarded.assertion.findall(
            "saml:AttributeStatement/saml:Attribute", profile.NAMESPACES
        )
    ]
    return _judged(
        _("Attributes"),
        lambda: profile.read_attributes(case.guarded),
        expected=_("each name once"),
        received=", ".join(names) or _("none"),
        fix=_("Send each attribute once, with all its values in it."),
    )


def _email(case: Case) -> Check:
    received = ""

    def rule() -> None:
        nonlocal received
        address = profile.read_email(case.guarded, _readable(case))
        received = f"…@{address.rpartition('@')[2]}"

    check = _judged(
        _("E-mail address"),
        rule,
        expected=_("one address, in an attribute such as email"),
        received=_("nothing"),
        fix=_("Send the person's one work address as the attribute “email”."),
    )
    return replace(check, received=received) if check.passed else check


def _name(case: Case) -> Check:
    """A name is a comfort: without one the address stands in."""
    name = profile.read_name(_readable(case))
    note = "" if name else _("Send “displayName”, so that colleagues see a name, not an address.")
    received = _("%(number)d characters") % {"number": len(name)} if name else _("nothing")
    return _held(
        _("Name"), expected=_("an attribute such as displayName"), received=received, note=note
    )


def _encryption(case: Case) -> Check:
    opened = case.guarded.opened
    title, expected = _("Encryption"), _("not needed; AES-GCM with RSA-OAEP if used")
    if opened is None:
        return _held(title, expected=expected, received=_("not encrypted"))
    note = "" if opened.is_authenticated else _("Choose AES-GCM: CBC does not notice changes.")
    received = f"{opened.algorithm.rpartition('#')[2]}, {opened.label}"
    return _held(title, expected=expected, received=received, note=note)


def _readable(case: Case) -> profile.Attributes:
    try:
        return profile.read_attributes(case.guarded)
    except SignInRefused:
        return {}


def _confirmation(case: Case) -> dict[str, str]:
    path = "saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
    found = case.guarded.assertion.find(path, profile.NAMESPACES)
    return {str(k): str(v) for k, v in found.attrib.items()} if found is not None else {}


_RULES: tuple[Callable[[Case], Check], ...] = (
    _structure,
    _status,
    _issuer,
    _destination,
    _signature,
    _algorithm,
    _audience,
    _recipient,
    _validity,
    _in_response_to,
    _name_id,
    _attributes,
    _email,
    _name,
    _encryption,
)
