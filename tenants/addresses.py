"""Address rules: from which addresses and networks a workspace, account or token may be used."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from audit.refusals import Refusal

MOST_NETWORKS: Final = 200


class AddressRefused(Refusal):
    """Whoever asks is known, and comes from where the organization lets nobody in."""

    status = 403
    code = "address-refused"


Network = IPv4Network | IPv6Network


def networks_of(text: str) -> tuple[Network, ...]:
    """The networks that a rule names, apart by commas, spaces or lines; none for an empty rule.

    Raises ValueError with a sentence that names the part which is no address or network.
    """
    parts = text.replace(",", " ").split()
    if len(parts) > MOST_NETWORKS:
        raise ValueError(f"At most {MOST_NETWORKS} addresses or networks.")
    return tuple(dict.fromkeys(_network(part) for part in parts))


def canonical_rule(text: str) -> str:
    """The rule as it is kept: each network once, in the order given. Raises ValueError."""
    return ", ".join(_said(network) for network in networks_of(text))


def allows(rule: str, address: str) -> bool:
    """Whether an address may pass a rule that was kept; an empty rule lets everybody pass."""
    if not rule:
        return True
    return bool(address) and _is_within(networks_of(rule), address)


def one_of(rule: str) -> str:
    """An address that passes the rule; this machine's own where every one does."""
    networks = networks_of(rule)
    return str(networks[0].network_address) if networks else "127.0.0.1"


def require_address(rule: str, address: str) -> None:
    """Raises AddressRefused, naming the address: its owner knows it, and needs it to be let in."""
    if not allows(rule, address):
        came = f"You come from {address}." if address else "Yours is not known."
        raise AddressRefused(
            f"This workspace is opened only from addresses that its admins allow. {came} "
            "Come from one of their networks, or ask an admin to add yours."
        )


def _is_within(networks: Sequence[Network], address: str) -> bool:
    try:
        seen: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    # A server that listens on both families tells of 203.0.113.5 as ::ffff:203.0.113.5.
    seen = getattr(seen, "ipv4_mapped", None) or seen
    return any(seen in network for network in networks)


def _network(part: str) -> Network:
    try:
        network = ip_network(part, strict=False)
    except ValueError:
        raise ValueError(
            f"“{part[:60]}” is no address or network. Write it like 203.0.113.7 or 203.0.113.0/24."
        ) from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        raise ValueError(f"Write “{part[:60]}” as the IPv4 address that it is.")
    return network


def _said(network: Network) -> str:
    """An address stands without its mask."""
    single = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if single else str(network)
