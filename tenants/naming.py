"""Roles by the name that forms, mappings and the API use: built in, or `custom:` and an id."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from tenants.models import Role
from tenants.permissions import OWNERS_ALONE, ROLE_PERMISSIONS, BuiltInRole, Permission

_CUSTOM = "custom:"


def role_name(role: str, custom: UUID | None) -> str:
    return f"{_CUSTOM}{custom}" if custom else role


def role_ids(names: Iterable[str]) -> set[UUID]:
    """Of these names, the ids of roles made here."""
    return {UUID(name.removeprefix(_CUSTOM)) for name in names if name.startswith(_CUSTOM)}


def role_labels() -> dict[str, str]:
    """Name -> what people read, for every role of the open organization."""
    built_in = {role.value: str(role.label) for role in BuiltInRole}
    return built_in | {f"{_CUSTOM}{r.pk}": r.name for r in Role.objects.only("name")}


def mappable(names: Iterable[str]) -> Mapping[str, frozenset[Permission]]:
    """Name -> what it allows, of those an identity provider may give: nothing of an owner's."""
    wanted = set(names)
    ids = role_ids(wanted)
    rows = Role.objects.filter(pk__in=ids) if ids else ()
    held = {role.value: ROLE_PERMISSIONS[role] for role in BuiltInRole if role in wanted}
    held |= {f"{_CUSTOM}{row.pk}": row.held() for row in rows}
    return {name: may for name, may in held.items() if not may & OWNERS_ALONE}
