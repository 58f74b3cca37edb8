"""Every address of the product, read from the resolver, with what it declares."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import (
    IntConverter,
    PathConverter,
    SlugConverter,
    StringConverter,
    UUIDConverter,
)

NOWHERE = UUID("01900000-0000-7000-8000-000000000000")


@dataclass(frozen=True)
class Route:
    pattern: str
    name: str
    view: Any
    converters: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        return f"/{self.pattern}"

    @property
    def is_workspace(self) -> bool:
        return self.pattern.startswith("o/<slug:slug>/")

    @property
    def is_console(self) -> bool:
        return self.pattern.startswith("console/")

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("api/")

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(getattr(self.view, "methods", ("GET",)))

    def address(self, *, slug: str = "acme", **known: object) -> str:
        """An address of this route, for objects that do not exist, or those that are `known`."""
        path = "/" + self.pattern
        for name, converter in self.converters:
            written = f"<{_written(converter)}:{name}>"
            value = str(known[name]) if name in known else _value(name, converter, slug)
            path = path.replace(written, value)
        return path

    @property
    def names_an_object(self) -> bool:
        return any(name != "slug" for name, _converter in self.converters)


def all_routes() -> list[Route]:
    return list(_walk(get_resolver(), "", ()))


def _walk(
    resolver: URLResolver, prefix: str, above: tuple[tuple[str, Any], ...]
) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        converters = (*above, *getattr(entry.pattern, "converters", {}).items())
        if isinstance(entry, URLResolver):
            yield from _walk(entry, pattern, converters)
        elif isinstance(entry, URLPattern):
            yield Route(pattern, entry.name or "", entry.callback, converters)


def _written(converter: Any) -> str:
    kinds = {
        IntConverter: "int",
        PathConverter: "path",
        SlugConverter: "slug",
        StringConverter: "str",
        UUIDConverter: "uuid",
    }
    return kinds[type(converter)]


def _value(name: str, converter: Any, slug: str) -> str:
    if name == "slug":
        return slug
    if isinstance(converter, UUIDConverter):
        return str(NOWHERE)
    if isinstance(converter, IntConverter):
        return "1"
    return "REV-9999" if name == "reference" else "nothing"


PLAIN = {"health-show", "readiness-show", "metrics-show", "api-unknown"}
ANYBODY, PERSON, MEMBER = "anybody", "person", "member"


def door_of(route: Route) -> dict[str, str]:
    """Who passes, by method: a permission, or whoever has a place, an account, or nothing."""
    view = route.view
    actions = getattr(view, "actions", None)
    if actions and route.name not in PLAIN:
        needed = view.cls.permissions
        return {verb.upper(): needed[name] or MEMBER for verb, name in actions.items()
            if verb != "head"}  # fmt: skip
    if hasattr(view, "permission"):
        return dict.fromkeys(route.methods, view.permission or MEMBER)
    known = PERSON if hasattr(view, "signed_in") else ANYBODY
    return dict.fromkeys(route.methods, known)


def doors() -> dict[str, str]:
    """All of them: `GET /api/v1/teams` and who passes."""
    return {
        f"{method} {route}": str(needed)
        for route in all_routes()
        for method, needed in door_of(route).items()
    }
