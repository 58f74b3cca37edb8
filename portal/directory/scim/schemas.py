"""What the resources consist of, taken from the standard's own definitions in scim2-models."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from scim2_models import EnterpriseUser, Group, ScimObject, User

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MEMBERS = "members"
# Ours to say: sent values of these are not kept.
READ_ONLY = frozenset({"id", "meta", "groups", "schemas"})


@dataclass(frozen=True)
class Attribute:
    """One attribute of a schema, under the spelling that answers use."""

    name: str
    is_list: bool = False
    is_boolean: bool = False
    is_known: bool = False
    parts: Mapping[str, "Attribute"] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """The attributes of one resource by lower-case name, and those of its extensions."""

    schema: str
    attributes: Mapping[str, Attribute]
    extensions: Mapping[str, "Shape"] = field(default_factory=dict)

    def attribute(self, name: str) -> Attribute:
        """An unknown one is tolerated, and kept under the spelling it came in."""
        return self.attributes.get(name.lower()) or Attribute(name)

    def extension(self, urn: str) -> str | None:
        """The spelling under which an extension is kept; any URN but our own is one."""
        lower = urn.lower()
        if lower == self.schema.lower() or not lower.startswith("urn:"):
            return None
        known = {name.lower(): name for name in self.extensions}
        return known.get(lower, urn)

    def shape_of(self, extension: str) -> "Shape":
        return self.extensions.get(extension) or Shape(extension, {})


@cache
def user_shape() -> Shape:
    return _shape(USER, User, {ENTERPRISE: _shape(ENTERPRISE, EnterpriseUser, {})})


@cache
def group_shape() -> Shape:
    return _shape(GROUP, Group, {})


def _shape(schema: str, model: type[Any], extensions: Mapping[str, Shape]) -> Shape:
    described = definition_of(model)["attributes"]
    common = {"externalid": Attribute("externalId", is_known=True)}
    return Shape(schema, {**common, **dict(_attributes(described))}, extensions)


def _attributes(described: list[dict[str, Any]]) -> Iterator[tuple[str, Attribute]]:
    for one in described:
        yield (
            one["name"].lower(),
            Attribute(
                name=one["name"],
                is_list=one.get("multiValued", False),
                is_boolean=one["type"] == "boolean",
                is_known=True,
                parts=dict(_attributes(one.get("subAttributes", []))),
            ),
        )


def definition_of(model: type[ScimObject]) -> dict[str, Any]:
    """The schema document of a model."""
    document: dict[str, Any] = model.to_schema().model_dump()  # type: ignore[attr-defined]
    return document
