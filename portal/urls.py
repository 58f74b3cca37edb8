"""Every address of Gatehouse: the features' own lists, put together."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

Routes = list[URLPattern | URLResolver]


def _lists(name: str) -> Iterator[Routes]:
    for feature in (
        "queue",
        "ui",
        "rest",
        "tickets",
        "catalog",
        "access",
        "people",
        "sso",
        "grants",
        "fulfilment",
        "outlets",
        "evidence",
        "home",
        "console",
        "demo",
    ):
        try:
            found = find_spec(f"portal.{feature}.urls")
        except ModuleNotFoundError:
            found = None
        if found:
            yield getattr(import_module(f"portal.{feature}.urls"), name, [])


workspace_urls: Routes = [route for routes in _lists("workspace_urls") for route in routes]
console_urls: Routes = [route for routes in _lists("console_urls") for route in routes]
urlpatterns: Routes = [
    *[route for routes in _lists("root_urls") for route in routes],
    path("o/<slug:slug>/", include(workspace_urls)),
    path("console/", include(console_urls)),
]

handler400 = "portal.ui.errors.bad_request"
handler403 = "portal.ui.errors.permission_denied"
handler404 = "portal.ui.errors.page_not_found"
handler500 = "portal.ui.errors.server_error"
