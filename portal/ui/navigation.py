"""The registry of the side bar: each feature adds its entries, permissions decide who sees them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from django.urls import reverse
from django.utils.functional import Promise

from tenants.access import Actor
from tenants.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class NavItem:
    """An entry of the side bar; `order` places it, and sections follow their first entry."""

    section: str | Promise
    label: str | Promise
    url_name: str
    icon: str
    permission: Permission | None
    order: int
    badge: Callable[[Actor], int | None] | None = None
    area: str = "workspace"


@dataclass(frozen=True)
class NavLink:
    label: str
    url: str
    icon: str
    badge: int | None
    current: bool


@dataclass(frozen=True)
class NavSection:
    label: str
    links: list[NavLink]


OWN_WORKSPACE = re.compile(r"^/o/[^/]+/")
FIRST_PAGE = re.compile(r"/o/[^/]+/|/console/")
_items: dict[tuple[str, str], NavItem] = {}


def register(item: NavItem) -> None:
    _items[item.area, item.url_name] = item


def navigation_for(actor: Actor, *, area: str, path: str) -> list[NavSection]:
    """The sections this person may open, with the entry of `path` marked as current."""
    seen = [
        item
        for item in _items.values()
        if item.area == area and (item.permission is None or actor.may(item.permission))
    ]
    first: dict[str, int] = {}
    for item in sorted(seen, key=lambda item: item.order):
        first.setdefault(str(item.section), item.order)
    seen.sort(key=lambda item: (first[str(item.section)], item.order))
    urls = {item.url_name: _address(item, actor) for item in seen}
    if area == "console":  # the vendor's own people live under its workspace address
        path = OWN_WORKSPACE.sub("/console/", path)
    current = max((url for url in urls.values() if _leads(url, path)), key=len, default="")
    return [
        NavSection(label, [_link(item, actor, urls, current=current) for item in items])
        for label, items in groupby(seen, key=lambda item: str(item.section))
    ]


def _address(item: NavItem, actor: Actor) -> str:
    args = [actor.organization.slug] if item.area == "workspace" else []
    return reverse(item.url_name, args=args)


def _leads(url: str, path: str) -> bool:
    """The first page leads to itself only; every other entry to all that lies under it."""
    return path == url if FIRST_PAGE.fullmatch(url) else path.startswith(url)


def _link(item: NavItem, actor: Actor, urls: dict[str, str], *, current: str) -> NavLink:
    url = urls[item.url_name]
    badge = item.badge(actor) if item.badge else None
    return NavLink(str(item.label), url, item.icon, badge or None, url == current)
