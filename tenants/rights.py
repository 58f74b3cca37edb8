"""The one place where a role and teams become what somebody may do."""

from collections.abc import Iterable

from tenants.permissions import Permission

_KNOWN = {permission.value: permission for permission in Permission}
# Whoever sees all of it sees their own part too, on every way to it alike.
_INCLUDED = {Permission.CATALOG_VIEW_ALL: Permission.CATALOG_VIEW}


def known(names: Iterable[str]) -> frozenset[Permission]:
    """The permissions among `names`, with what those include.

    What a release has retired allows nothing.
    """
    found = frozenset(_KNOWN[name] for name in names if name in _KNOWN)
    return found | {included for whole, included in _INCLUDED.items() if whole in found}


def united(
    role: frozenset[Permission], teams: Iterable[Iterable[str]] = ()
) -> frozenset[Permission]:
    """A role, and what each team adds to it."""
    return role.union(*(known(names) for names in teams))
