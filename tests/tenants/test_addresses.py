"""Address rules: what is kept, what passes, and what is said of a rule that is none."""

import pytest

from tenants.addresses import MOST_NETWORKS, allows, canonical_rule, networks_of


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", ""),
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7/32,  203.0.113.7", "203.0.113.7"),
        ("203.0.113.9/24", "203.0.113.0/24"),
        ("2001:DB8::1\n10.0.0.0/8", "2001:db8::1, 10.0.0.0/8"),
    ],
)
def test_a_rule_is_kept_in_one_form(written: str, kept: str) -> None:
    assert canonical_rule(written) == kept
    assert canonical_rule(kept) == kept


@pytest.mark.parametrize("part", ["office", "10.0.0.0/33", "10.0.0", "::ffff:10.0.0.1", "1" * 400])
def test_what_is_no_address_is_named(part: str) -> None:
    with pytest.raises(ValueError, match=part[:9]):
        networks_of(f"203.0.113.7, {part}")


def test_a_rule_has_an_end() -> None:
    with pytest.raises(ValueError, match=str(MOST_NETWORKS)):
        networks_of(" ".join(f"10.0.{n}.1" for n in range(MOST_NETWORKS + 1)))


@pytest.mark.parametrize(
    ("rule", "address", "passes"),
    [
        ("", "", True),
        ("", "198.51.100.1", True),
        ("203.0.113.0/24", "203.0.113.200", True),
        ("203.0.113.0/24", "::ffff:203.0.113.200", True),
        ("203.0.113.0/24", "203.0.114.1", False),
        ("203.0.113.0/24", "", False),
        ("203.0.113.0/24", "unix", False),
        ("203.0.113.0/24", "2001:db8::1", False),
        ("2001:db8::/32, 203.0.113.7", "203.0.113.7", True),
    ],
)
def test_who_passes(rule: str, address: str, *, passes: bool) -> None:
    assert allows(rule, address) is passes
