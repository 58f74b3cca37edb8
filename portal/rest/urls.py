"""Addresses under /api/v1/: the description, its page for people, and every registered noun."""

from django.urls import URLPattern, URLResolver, path

from portal.rest.pages import reference_show, schema_show
from portal.rest.routing import registered_urls
from portal.rest.views import UnknownAddress

METHODS = ("get", "post", "put", "patch", "delete", "options", "trace")

root_urls: list[URLPattern | URLResolver] = [
    path("api/v1/", reference_show, name="reference-show"),
    path("api/v1/openapi.json", schema_show, name="schema-show"),
    *registered_urls("api/v1/"),
    path(
        "api/<path:rest>",
        UnknownAddress.as_view(dict.fromkeys(METHODS, "miss"), basename="api-unknown"),
        name="api-unknown",
    ),
]
