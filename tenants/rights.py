"""The one place where a role and teams become what somebody may do."""

from collections.abc import Iterable

from tenants.permissions import Permission

_KNOWN = {permission.value: permission for permission in Permission}


def known(names: Iterable[str]) -> frozenset[Permission]:
    """The permissions among `names`; what a release has retired allows nothing."""
    return frozenset(_KNOWN[name] for name in names if name in _KNOWN)


def united(
    role: frozenset[Permission], teams: Iterable[Iterable[str]] = ()
) -> frozenset[Permission]:
    """A role, and what each team adds to it."""
    return role.union(*(known(names) for names in teams))
