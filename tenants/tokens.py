"""Bearer tokens: visible prefix, secret, checksum; stored as a digest."""

import hashlib
import hmac
import secrets
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.refusals import Refusal
from tenants.addresses import allows
from tenants.models import ApiToken, Entry, Organization, Policy
from tenants.scoping import organization_scope, system_scope

# How long a single sign-on of its holder carries a personal token where it is enforced.
SINGLE_SIGN_ON_LASTS = timedelta(hours=24)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PUBLIC, _SECRET, _CHECK = 8, 32, 6
_LETTERS = {
    ApiToken.Kind.PERSONAL: "ghp_",
    ApiToken.Kind.SERVICE: "ghs_",
    ApiToken.Kind.AGENT: "gha_",
}
_HEAD = 4
# Whoever a token stands for, with the roles that decide what it may; a machine's has four more.
_BEHIND = ("organization", "owner__custom_role")
_BEHIND_MACHINES = (
    *_BEHIND,
    *("service_account__custom_role", "service_account__owner__custom_role"),
)
_LENGTH = _HEAD + _PUBLIC + _SECRET + _CHECK


class TokenRefused(Refusal):
    """The token does not open anything."""

    status = 401
    code = "token-refused"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token at the only moment at which its text is known."""

    text: str
    prefix: str
    digest: str

    def __repr__(self) -> str:
        return f"NewToken({self.prefix}…)"


def make_token(kind: str) -> NewToken:
    """A new API token of this kind."""
    return mint(_LETTERS[ApiToken.Kind(kind)])


def mint(letters: str) -> NewToken:
    """A new token of 32 random base-62 characters (190 bits) after its prefix."""
    prefix = letters + _random(_PUBLIC)
    body = prefix + _random(_SECRET)
    return NewToken(text=body + _checksum(body), prefix=prefix, digest=digest_of(body))


def taken_apart(text: str, letters: Collection[str]) -> tuple[str, str]:
    """Prefix and digest of a token that begins with one of `letters`. Raises TokenRefused."""
    well_formed = (
        len(text) == _LENGTH
        and text.isascii()
        and text[:_HEAD] in letters
        and hmac.compare_digest(_checksum(text[:-_CHECK]), text[-_CHECK:])
    )
    if not well_formed:
        raise TokenRefused("This is not a Gatehouse token. Copy it again, whole.")
    body = text[:-_CHECK]
    return body[: _HEAD + _PUBLIC], digest_of(body)


def digest_of(body: str) -> str:
    """SHA-256 of prefix and secret. 190 random bits need no slow hash."""
    return hashlib.sha256(body.encode()).hexdigest()


def authenticate_token(text: str, *, at: datetime, address: str = "") -> ApiToken:
    """The token that `text` is, usable at `at` from `address`. Raises TokenRefused."""
    prefix, digest = taken_apart(text, _LETTERS.values())
    return authenticate_digest(prefix, digest, at=at, address=address)


def authenticate_digest(
    prefix: str, digest: str, *, at: datetime, address: str | None = ""
) -> ApiToken:
    """The same door for a stored digest: what the proof of no access knocks with.

    Raises TokenRefused with one sentence for every reason, so that a thief learns nothing.
    `address` None is for that proof: a token must be refused wherever it comes from.
    """
    with system_scope("token prefix"):
        rows = ApiToken.unscoped.filter(prefix=prefix)
        found = rows.values_list("pk", "organization_id", "kind").first()
    if found is None:
        raise TokenRefused("This token is unknown, expired or revoked.")
    behind = _BEHIND if found[2] == ApiToken.Kind.PERSONAL else _BEHIND_MACHINES
    with organization_scope(found[1]):
        token = ApiToken.objects.select_related(*behind).filter(pk=found[0]).first()
    if token is None or not hmac.compare_digest(token.digest, digest):
        raise TokenRefused("This token is unknown, expired or revoked.")
    is_open = token.organization.status != Organization.Status.CLOSED
    if not (is_open and token.is_usable(at=at) and token.holder_stands(at=at)):
        raise TokenRefused("This token is unknown, expired or revoked.")
    with organization_scope(token.organization_id):
        policy = Policy.objects.get()
        if address is not None:
            _require_address(token, policy, address)
        _require_single_sign_on(token, policy, at=at)
    return token


def _require_address(token: ApiToken, policy: Policy, address: str) -> None:
    account = token.service_account
    rules = (token.address_rule, account.address_rule if account else "")
    if not all(allows(rule, address) for rule in rules):
        raise TokenRefused("This token may not be used from this address.")
    if not allows(policy.address_rule, address):
        raise TokenRefused("This workspace is opened only from addresses that its admins allow.")


def _require_single_sign_on(token: ApiToken, policy: Policy, *, at: datetime) -> None:
    """A person's own token is no way past an enforced single sign-on. Raises TokenRefused.

    A service account's stand for no person, and are shown on the policy's page. Tokens of
    services and agents from before there were accounts have none: they count as their holder's.
    """
    if token.service_account_id is not None or not policy.enforces_sso(at=at):
        return
    came = Entry.objects.filter(
        membership_id=token.owner_id,
        connection_id__isnull=False,
        authenticated_at__gt=at - SINGLE_SIGN_ON_LASTS,
    )
    if came.exists():
        return
    raise TokenRefused(
        "This workspace is opened by single sign-on only. Come in by it, and this token works for "
        "the next 24 hours."
    )


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[rest] + digits
    return digits
