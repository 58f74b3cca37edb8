"""Holds an ID token against every rule, for sign-ins, tests and the flight recorder alike."""

import json
from typing import Any

from django.utils.translation import gettext as _
from jwt import PyJWK, PyJWS, PyJWTError, get_unverified_header

from portal.sso.identity import Identity
from portal.sso.models import Connection
from portal.sso.oidc.claims import Claims, display_name, has_too_many_groups, plain
from portal.sso.oidc.discovery import ProviderMetadata, said
from portal.sso.oidc.findings import Asked, Examination, Finding, found, refused
from portal.sso.oidc.key_sets import ALGORITHMS, signing_key
from portal.sso.oidc.kinds import DIALECTS
from portal.sso.oidc.rules import ALWAYS, authenticated_at
from portal.sso.refusals import Reason, SignInRefused

MAX_TOKEN = 64 * 1024


def read_token(
    token: object, provider: ProviderMetadata
) -> tuple[tuple[Finding, ...], Claims | None]:
    """What was found about the signature, and what the token says where it holds."""
    findings, payload = _signature(token, provider)
    if payload is None:
        return findings, None
    claims = _object(payload)
    return (findings if claims is not None else (*findings, _unreadable())), claims


def examine_claims(
    claims: Claims, connection: Connection, *, asked: Asked, before: tuple[Finding, ...]
) -> Examination:
    """The rules for what a token says, once it is known who said it."""
    dialect = DIALECTS[connection.kind]
    email = dialect.address(claims)
    findings = (
        *before,
        *(rule(claims, asked) for rule in ALWAYS),
        *(rule(claims, connection) for rule in dialect.rules),
        _address(email, claims),
    )
    identity = None
    if all(finding.check.passed for finding in findings):
        identity = Identity(
            subject=dialect.subject(claims),
            email=email,
            name=display_name(claims),
            authenticated_at=authenticated_at(claims, asked),
            claims=plain(claims),
        )
    return Examination(
        findings, plain(claims), identity, groups_left_out=has_too_many_groups(claims)
    )


def _signature(
    token: object, provider: ProviderMetadata
) -> tuple[tuple[Finding, ...], bytes | None]:
    """What was found about the signature, and what is signed where it holds."""
    header = _header(token)
    if header is None:
        return (_unreadable(),), None
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        return (_algorithm(algorithm),), None
    key_id = header.get("kid")
    try:
        key = signing_key(
            provider, key_id=key_id if isinstance(key_id, str) else None, algorithm=algorithm
        )
    except SignInRefused as refusal:
        return (_algorithm(algorithm), _key(refusal)), None
    payload = _verified(str(token), key, algorithm)
    return (_algorithm(algorithm), _signed(said(key_id), is_valid=payload is not None)), payload


def _header(token: object) -> dict[str, Any] | None:
    if not isinstance(token, str) or len(token) > MAX_TOKEN:
        return None
    try:
        return get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError):
        return None


def _verified(token: str, key: PyJWK, algorithm: str) -> bytes | None:
    try:
        payload = PyJWS().decode_complete(token, key, algorithms=[algorithm])["payload"]
    except (PyJWTError, ValueError, TypeError):
        return None
    return bytes(payload)


def _object(payload: bytes) -> dict[str, Any] | None:
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _unreadable() -> Finding:
    return found(
        Reason.TOKEN,
        _("ID token"),
        passed=False,
        expected=_("a signed JSON Web Token"),
        received=_("something else"),
        fix=_("The provider must answer with an id_token; ask for the openid scope there."),
    )


def _algorithm(algorithm: object) -> Finding:
    """Allowed by its name before any key is looked at."""
    is_none = not algorithm or str(algorithm).lower() == "none"
    return found(
        Reason.UNSIGNED if is_none else Reason.WEAK_ALGORITHM,
        _("Signature algorithm"),
        passed=algorithm in ALGORITHMS,
        expected=", ".join(sorted(ALGORITHMS)),
        received=said(algorithm),
        fix=_("Let the provider sign ID tokens with RS256 or ES256."),
    )


def _key(refusal: SignInRefused) -> Finding:
    return refused(
        _("Signing key"),
        refusal,
        fix=_("The provider's key set must hold the key it signs with. Try again in a minute."),
    )


def _signed(key_id: str, *, is_valid: bool) -> Finding:
    return found(
        Reason.SIGNATURE,
        _("Signature"),
        passed=is_valid,
        expected=_("made with key %s of the provider") % key_id,
        received=_("made with it") if is_valid else _("another signature"),
        fix=_("Something changed the token on its way, or the provider published a wrong key."),
    )


def _address(email: str, claims: Claims) -> Finding:
    return found(
        Reason.NO_EMAIL,
        _("E-mail address"),
        passed=bool(email),
        expected=_("one plain address"),
        received=_("an address at %s") % email.rpartition("@")[2]
        if email
        else said(claims.get("email")),
        fix=_("Ask for the email scope there, and give the person an address."),
    )
