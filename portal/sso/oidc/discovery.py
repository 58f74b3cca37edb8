"""What an OpenID provider publishes about itself, remembered for a few minutes."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.core.cache import cache

from portal.sso.oidc.addresses import discovery_url, is_usable
from portal.sso.oidc.fetching import get_json
from portal.sso.refusals import Reason, SignInRefused

REMEMBERED = timedelta(minutes=10)
# A provider that is down is not asked again by every visitor who presses the button.
FAILURE_REMEMBERED = timedelta(seconds=15)
_BASIC, _POST = "client_secret_basic", "client_secret_post"


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    # RFC 9207: the provider names itself in its answer, so an answer without it is not its own.
    names_itself: bool
    # The client secret goes into the form where it may: not every provider decodes the
    # Authorization header as RFC 6749 encodes it.
    secret_in_form: bool


def discover(issuer: str) -> ProviderMetadata:
    """The provider's own description, from the cache or from its well-known address.

    Remembered by issuer alone: it depends on nothing that a customer types but the issuer.
    Raises SignInRefused.
    """
    key = cache_key("provider", issuer)
    kept = cache.get(key)
    if kept is None:
        kept = _asked(issuer)
        lasts = FAILURE_REMEMBERED if "reason" in kept else REMEMBERED
        cache.set(key, kept, lasts.total_seconds())
    if "reason" in kept:
        raise SignInRefused(
            Reason(kept["reason"]), expected=kept["expected"], received=kept["received"]
        )
    return ProviderMetadata(**kept)


def cache_key(what: str, *about: str) -> str:
    digest = hashlib.sha256("\0".join(about).encode()).hexdigest()
    return f"sso.oidc.{what}.{digest}"


def _asked(issuer: str) -> dict[str, Any]:
    """The description or the failure, as plain values for the cache."""
    try:
        return asdict(read_metadata(issuer, get_json(discovery_url(issuer))))
    except SignInRefused as refusal:
        return {
            "reason": str(refusal.reason),
            "expected": refusal.expected,
            "received": refusal.received,
        }


def read_metadata(issuer: str, found: dict[str, Any]) -> ProviderMetadata:
    """Check a discovery document. Raises SignInRefused."""
    if found.get("issuer") != issuer:
        raise SignInRefused(Reason.ISSUER, expected=issuer, received=said(found.get("issuer")))
    methods = found.get("token_endpoint_auth_methods_supported") or [_BASIC]
    return ProviderMetadata(
        issuer=issuer,
        authorization_endpoint=_address(found, "authorization_endpoint"),
        token_endpoint=_address(found, "token_endpoint"),
        jwks_uri=_address(found, "jwks_uri"),
        userinfo_endpoint=_address(found, "userinfo_endpoint", optional=True),
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        secret_in_form=isinstance(methods, list) and _POST in methods,
    )


def _address(found: dict[str, Any], name: str, *, optional: bool = False) -> str:
    value = found.get(name)
    if isinstance(value, str) and is_usable(value):
        return value
    if value is None and optional:
        return ""
    raise SignInRefused(
        Reason.WRONG_ANSWER, expected=f"{name}: an https address", received=said(value)
    )


def said(value: object) -> str:
    """What came, short enough to be shown."""
    return "nothing" if value is None else str(value)[:200]
