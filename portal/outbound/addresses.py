"""Where a request may go: names and addresses of the public internet, nothing nearer."""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import idna
from django.utils.translation import gettext as _

from audit.refusals import Refusal

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[Address]]

LONGEST_URL = 2048
PORTS = frozenset({443, 8443})
# Prefixes that carry an IPv4 address inside: a way round a check of the outer address.
_TUNNELS = tuple(
    IPv6Network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::/96")
)
# Where clouds answer their own machines, with keys to the account: AWS over IPv6, Alibaba, and
# Oracle's. The usual 169.254.169.254 is link-local and refused as such.
_CLOUD_METADATA = frozenset(
    ip_address(text) for text in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")
)
_PLAIN = re.compile(r"[\x21-\x5b\x5d-\x7e]+", re.ASCII)  # printable, no space, no backslash
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


class AddressRefused(Refusal):
    """The address is not one that this server may call."""

    status = 422
    code = "address-refused"


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked URL: where to go, under which name, for which path."""

    host: str
    port: int
    target: str
    addresses: tuple[Address, ...]

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"  # noqa: PLR2004


def is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None or any(address in tunnel for tunnel in _TUNNELS):
            return False
        if address.is_site_local:
            return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def system_resolver(host: str, port: int) -> Sequence[Address]:
    """Every address the system knows for the name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def check(
    url: str,
    *,
    resolve: Resolver = system_resolver,
    may_connect: Callable[[Address], bool] = is_public,
    ports: frozenset[int] = PORTS,
) -> Destination:
    """Resolve once and check every answer. Raises AddressRefused."""
    host, port, target = _parts(url, ports)
    literal = _literal(host)
    name = str(literal) if literal else _name(host)
    addresses = (literal,) if literal else _resolved(name, port, resolve)
    if not all(may_connect(address) for address in addresses):
        raise AddressRefused(_("This address leads into a private network. Use a public one."))
    return Destination(name, port, target, addresses)


def addresses_of(
    host: str,
    port: int,
    *,
    resolve: Resolver = system_resolver,
    may_connect: Callable[[Address], bool] = is_public,
    is_near: bool = False,
) -> tuple[Address, ...]:
    """What a host resolves to, once, each answer checked. Raises AddressRefused.

    `is_near` takes names of the local network too, which have no dots.
    """
    literal = _literal(host)
    name = host if literal or is_near else _name(host)
    addresses = (literal,) if literal else _resolved(name, port, resolve)
    if not all(may_connect(address) for address in addresses):
        raise AddressRefused(_("This address leads into a private network. Use a public one."))
    return addresses


def is_public_or_near(address: Address) -> bool:
    """Public, or of the own network; never what a cloud answers its own machines on."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_loopback:
        return True
    if plain in _CLOUD_METADATA or any(plain in tunnel for tunnel in _TUNNELS):
        return False
    return not (plain.is_link_local or plain.is_multicast or plain.is_unspecified)


def _parts(url: str, ports: frozenset[int]) -> tuple[str, int, str]:
    if len(url) > LONGEST_URL or not _PLAIN.fullmatch(url):
        raise AddressRefused(_("This is not an address. It must look like https://example.com/."))
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise AddressRefused(_("This address cannot be read. Check host and port.")) from None
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise AddressRefused(_("The address must begin with https:// and name no user."))
    if port not in ports:
        allowed = ", ".join(str(number) for number in sorted(ports))
        raise AddressRefused(_("Only these ports can be called: %s.") % allowed)
    target = parts.path or "/"
    return parts.hostname, port, f"{target}?{parts.query}" if parts.query else target


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _name(host: str) -> str:
    """The name as DNS knows it. Numbers in disguise (0x7f.1, 2130706433) are no names."""
    try:
        name = idna.encode(host, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        name = host.lower()
    if not _NAME.fullmatch(name):
        raise AddressRefused(_("This is not the name of a host on the internet."))
    return name


def _resolved(name: str, port: int, resolve: Resolver) -> tuple[Address, ...]:
    try:
        addresses = tuple(dict.fromkeys(resolve(name, port)))
    except (OSError, UnicodeError, ValueError):
        addresses = ()
    if not addresses:
        raise AddressRefused(_("The name %s cannot be found. Check its spelling.") % name)
    return addresses
