"""How the certificates that metadata names become the two that a connection trusts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from portal.sso.saml.certificates import Certificate, read_certificate

REMEMBERED = 20


@dataclass(frozen=True)
class Slots:
    """The certificate in use and the one trusted beside it, as PEM; the second may be empty."""

    first: str
    second: str = ""

    @property
    def pems(self) -> tuple[str, ...]:
        return tuple(pem for pem in (self.first, self.second) if pem)


def rolled(slots: Slots, named: Sequence[str], *, seen: Collection[str]) -> Slots:
    """The slots after metadata has named these certificates.

    A new one is trusted beside the old one before anybody signs with it. It moves up when the
    old one is no longer named. When all are new at once, the old one stays until the next look:
    a provider that publishes first and signs later must not fail. What was never named, an admin
    has put there: it stays until its place is needed.
    """
    fresh = _newest([pem for pem in named if pem not in slots.pems])
    if slots.first in named:
        return Slots(slots.first, _second(slots, named, fresh=fresh, seen=seen))
    if slots.second and slots.second in named:
        return Slots(slots.second, fresh)
    return Slots(fresh, slots.first) if fresh else slots


def _second(slots: Slots, named: Sequence[str], *, fresh: str, seen: Collection[str]) -> str:
    if slots.second and slots.second in named:
        return slots.second
    if fresh or not slots.second:
        return fresh
    was_named = read_certificate(slots.second).fingerprint in seen
    return "" if was_named else slots.second


def remembered(seen: Sequence[str], *pems: str) -> list[str]:
    """The fingerprints that metadata has named, these last."""
    found = [read_certificate(pem).fingerprint for pem in pems if pem]
    return [*(one for one in seen if one not in found), *found][-REMEMBERED:]


def outlasting(certificates: Sequence[Certificate]) -> Certificate | None:
    """The one that ends last: while it is valid, the roll-over of the other is prepared."""
    return max(certificates, key=lambda one: one.expires_at, default=None)


def _newest(pems: Sequence[str]) -> str:
    longest = outlasting([read_certificate(pem) for pem in pems])
    return longest.pem if longest else ""
