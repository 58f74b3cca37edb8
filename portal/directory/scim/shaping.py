"""From rows to what the identity provider is told."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.directory.models import DirectoryGroup, DirectoryUser
from portal.directory.scim.errors import bad_value
from portal.directory.scim.schemas import GROUP, USER

BASE_PATH = "/scim/v2"
_ALWAYS = frozenset({"schemas", "id"})
MOST_NAMES = 100


def base_url() -> str:
    return f"{settings.BASE_URL.rstrip('/')}{BASE_PATH}"


def etag(version: int) -> str:
    return f'W/"{version}"'


def user_resource(user: DirectoryUser, groups: Iterable[tuple[UUID, str]] = ()) -> dict[str, Any]:
    """As it was sent, with what is ours to say."""
    extensions = [name for name in user.attributes if name.lower().startswith("urn:")]
    resource = {
        "schemas": [USER, *extensions],
        "id": str(user.pk),
        "active": user.is_active,
        **user.attributes,
        "meta": _meta("User", f"Users/{user.pk}", user),
    }
    if listed := [_group_reference(pk, name) for pk, name in groups]:
        resource["groups"] = listed
    return {name: value for name, value in resource.items() if value is not None}


def group_resource(group: DirectoryGroup, members: Iterable[UUID] = ()) -> dict[str, Any]:
    resource = {
        "schemas": [GROUP],
        "id": str(group.pk),
        **group.attributes,
        "meta": _meta("Group", f"Groups/{group.pk}", group),
    }
    base = f"{base_url()}/Users"
    listed = [{"value": str(pk), "$ref": f"{base}/{pk}", "type": "User"} for pk in members]
    if listed:
        resource["members"] = listed
    return resource


def _group_reference(pk: UUID, name: str) -> dict[str, str]:
    return {"value": str(pk), "$ref": f"{base_url()}/Groups/{pk}", "display": name}


def _meta(kind: str, path: str, row: DirectoryUser | DirectoryGroup) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": row.created_at.isoformat().replace("+00:00", "Z"),
        "lastModified": row.changed_at.isoformat().replace("+00:00", "Z"),
        "location": f"{base_url()}/{path}",
        "version": etag(row.version),
    }


class Projection:
    """`attributes` or `excludedAttributes`: which parts of a resource are asked for."""

    def __init__(self, attributes: str = "", excluded: str = "") -> None:
        if attributes and excluded:
            raise bad_value("Send attributes or excludedAttributes, not both.")
        self.wanted = _names(attributes)
        self.unwanted = _names(excluded) - _ALWAYS

    def wants(self, name: str) -> bool:
        """Whether this attribute, or a part of it, goes into the answer."""
        name = name.lower()
        if self.wanted:
            return any(one == name or one.startswith(f"{name}.") for one in self.wanted)
        return name not in self.unwanted

    def of(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        if not self.wanted and not self.unwanted:
            return dict(resource)
        shown = {}
        for name, value in resource.items():
            lower = name.lower()
            if lower in _ALWAYS:
                shown[name] = value
                continue
            left = self._left(lower, value)
            if left not in (None, {}, []):
                shown[name] = left
        return shown

    def _left(self, name: str, value: Any) -> Any:
        if name.startswith("urn:"):
            return self._parts(name, value, mark=":")
        return self._parts(name, value, mark=".")

    def _parts(self, name: str, value: Any, *, mark: str) -> Any:
        start = f"{name}{mark}"
        if self.wanted:
            if name in self.wanted:
                return value
            parts = {one.removeprefix(start) for one in self.wanted if one.startswith(start)}
            return _only(value, lambda part: part in parts) if parts else None
        if name in self.unwanted:
            return None
        gone = {one.removeprefix(start) for one in self.unwanted if one.startswith(start)}
        return _only(value, lambda part: part not in gone) if gone else value


def _only(value: Any, keeps: Any) -> Any:
    if isinstance(value, list):
        return [left for item in value if (left := _only(item, keeps))]
    if not isinstance(value, dict):
        return value
    return {name: one for name, one in value.items() if keeps(name.lower())}


def _names(text: str) -> frozenset[str]:
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    if len(names) > MOST_NAMES:
        raise bad_value(f"Name at most {MOST_NAMES} attributes.")
    core = tuple(f"{schema.lower()}:" for schema in (USER, GROUP))
    return frozenset(_without(name, core) for name in names)


def _without(name: str, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name
