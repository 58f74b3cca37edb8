"""The registry of API nouns: each feature adds its own, urls.py assembles them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from portal.rest.views import PortalViewSet

_lists: dict[str, tuple[type[PortalViewSet], str]] = {}
_singles: dict[str, "_Single"] = {}


@dataclass(frozen=True)
class _Single:
    viewset: type[PortalViewSet]
    basename: str
    verbs: Mapping[str, str]


def register(prefix: str, viewset: type[PortalViewSet], *, basename: str) -> None:
    """A noun with many rows: `<prefix>`, `<prefix>/<id>` and the verbs under it."""
    _refuse_second(prefix, viewset)
    _lists[prefix] = (viewset, basename)


def register_single(
    prefix: str, viewset: type[PortalViewSet], *, basename: str, verbs: Mapping[str, str]
) -> None:
    """An address with one object behind it, such as `me`; `verbs` maps methods to names."""
    _refuse_second(prefix, viewset)
    _singles[prefix] = _Single(viewset, basename, verbs)


def registered_urls(root: str) -> list[URLPattern | URLResolver]:
    router = SimpleRouter(trailing_slash=False, use_regex_path=False)
    for prefix, (viewset, basename) in sorted(_lists.items()):
        router.register(f"{root}{prefix}", viewset, basename=basename)
    singles = [
        path(
            f"{root}{prefix}",
            single.viewset.as_view(dict(single.verbs), basename=single.basename),
            name=single.basename,
        )
        for prefix, single in sorted(_singles.items())
    ]
    return [*singles, *router.urls]


def _refuse_second(prefix: str, viewset: type[PortalViewSet]) -> None:
    taken = _lists.get(prefix, (None, ""))[0] or getattr(_singles.get(prefix), "viewset", None)
    if taken not in (None, viewset):
        raise ValueError(f"The API address {prefix} is registered twice.")
