"""Codes and ID tokens of the demo's OpenID providers."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core import signing
from django.core.cache import cache
from django.utils.crypto import constant_time_compare
from jwt.algorithms import RSAAlgorithm

from portal.sso.development.keys import SigningKey
from portal.sso.oidc.asking import code_challenge

CODE_SECONDS = 60
TOKEN_SECONDS = 300
_SALT = "gatehouse.development.openid"


class CodeWrong(ValueError):
    """The code is not ours, too old, used, or not this client's."""


@dataclass(frozen=True)
class Grant:
    """What a code stands for until it is redeemed."""

    realm: str
    redirect_uri: str
    nonce: str
    challenge: str
    employee: str
    # `honest`, or which refusal the page was asked to show.
    how: str
    auth_time: int


def make_code(grant: Grant) -> str:
    return signing.dumps(asdict(grant), salt=_SALT)


def redeem(code: str, *, realm: str, redirect_uri: str, verifier: str) -> Grant:
    """Raises CodeWrong."""
    try:
        grant = Grant(**signing.loads(code, salt=_SALT, max_age=CODE_SECONDS))
    except signing.BadSignature as wrong:
        raise CodeWrong("The code is unknown or too old.") from wrong
    if (grant.realm, grant.redirect_uri) != (realm, redirect_uri):
        raise CodeWrong("The code was made for somebody else.")
    if not constant_time_compare(code_challenge(verifier), grant.challenge):
        raise CodeWrong("The code verifier does not match.")
    used = hashlib.sha256(code.encode()).hexdigest()
    if not cache.add(f"development.openid.{used}", 1, CODE_SECONDS):
        raise CodeWrong("The code was used.")
    return grant


def id_token(claims: Mapping[str, Any], key: SigningKey, *, at: datetime) -> str:
    made = int(at.timestamp())
    times = {"iat": made, "exp": made + TOKEN_SECONDS}
    return jwt.encode(
        {**times, **claims}, key.private_pem, algorithm="RS256", headers={"kid": key_id(key)}
    )


def public_key(key: SigningKey) -> dict[str, Any]:
    private = load_pem_private_key(key.private_pem, password=None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("The development keys are RSA keys.")
    made: dict[str, Any] = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {**made, "kid": key_id(key), "use": "sig", "alg": "RS256"}


def key_id(key: SigningKey) -> str:
    return hashlib.sha256(key.certificate_pem).hexdigest()[:16]
