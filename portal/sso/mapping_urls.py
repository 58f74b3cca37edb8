"""Addresses of what a connection's claims decide."""

from django.urls import URLPattern, path

from portal.sso.views import mapping

workspace_urls: list[URLPattern] = [
    path(
        "sso/<uuid:connection_id>/mapping/", mapping.connection_mapping, name="connection-mapping"
    ),
    path(
        "sso/<uuid:connection_id>/mapping/<str:target>/",
        mapping.connection_mapping_change,
        name="connection-mapping-change",
    ),
]
