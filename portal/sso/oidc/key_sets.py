"""The provider's public keys: remembered for minutes, asked again once when a new one signs."""

from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.core.cache import cache
from jwt import PyJWK, PyJWTError

from portal.sso.oidc.discovery import REMEMBERED, ProviderMetadata, cache_key, said
from portal.sso.oidc.fetching import get_json
from portal.sso.refusals import Reason, SignInRefused

# Asymmetric, SHA-256 or better. Never `none`, never a key that both sides share.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"},
)
REFETCH_PAUSE = timedelta(seconds=30)
MAX_KEYS = 50
MIN_RSA_BITS = 2048
_KEY_TYPES = {"R": "RSA", "P": "RSA", "E": "EC"}


def signing_key(provider: ProviderMetadata, *, key_id: str | None, algorithm: str) -> PyJWK:
    """The published key that a token names. Raises SignInRefused."""
    key = cache_key("keys", provider.issuer, provider.jwks_uri)
    kept: list[dict[str, Any]] | None = cache.get(key)
    found = _chosen(kept, key_id, algorithm) if kept is not None else None
    if found is None and _may_ask(provider, kept):
        kept = _asked(provider)
        cache.set(key, kept, REMEMBERED.total_seconds())
        found = _chosen(kept, key_id, algorithm)
    if found is None:
        raise SignInRefused(
            Reason.UNKNOWN_KEY,
            expected="one of " + (", ".join(said(k.get("kid")) for k in kept or []) or "no keys"),
            received=said(key_id),
        )
    return _opened(found, algorithm)


def _may_ask(provider: ProviderMetadata, kept: list[dict[str, Any]] | None) -> bool:
    """For want of any keys always; for an unknown one now and then: tokens are free to forge."""
    if kept is None:
        return True
    pause = cache_key("keys-asked", provider.issuer, provider.jwks_uri)
    return bool(cache.add(pause, 1, REFETCH_PAUSE.total_seconds()))


def _asked(provider: ProviderMetadata) -> list[dict[str, Any]]:
    keys = get_json(provider.jwks_uri).get("keys")
    if not isinstance(keys, list):
        raise SignInRefused(Reason.WRONG_ANSWER, expected="a key set", received=said(keys))
    return [key for key in keys[:MAX_KEYS] if isinstance(key, dict)]


def _chosen(
    keys: list[dict[str, Any]], key_id: str | None, algorithm: str
) -> dict[str, Any] | None:
    """By its id; a token without one can mean only the single key that fits."""
    fitting = [key for key in keys if _fits(key, algorithm)]
    if key_id is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.get("kid") == key_id), None)


def _fits(key: dict[str, Any], algorithm: str) -> bool:
    return (
        key.get("kty") == _KEY_TYPES[algorithm[0]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _opened(key: dict[str, Any], algorithm: str) -> PyJWK:
    try:
        opened = PyJWK.from_dict(key, algorithm)
    except (PyJWTError, ValueError, TypeError) as error:
        raise SignInRefused(
            Reason.WRONG_ANSWER, expected="a readable key", received=said(key.get("kid"))
        ) from error
    if isinstance(opened.key, RSAPublicKey) and opened.key.key_size < MIN_RSA_BITS:
        raise SignInRefused(
            Reason.WEAK_ALGORITHM,
            expected=f"RSA of {MIN_RSA_BITS} bits",
            received=f"{opened.key.key_size} bits",
        )
    return opened
