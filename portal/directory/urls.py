"""Addresses of the SCIM endpoint and of the directory's screens."""

from django.urls import URLPattern, path

from portal.directory.views import scim

root_urls: list[URLPattern] = [
    path("scim/v2", scim.scim_serve, name="scim-root"),
    path("scim/v2/<path:path>", scim.scim_serve, name="scim-serve"),
    path("scim/v2/", scim.scim_serve, name="scim-home"),
]
workspace_urls: list[URLPattern] = []
