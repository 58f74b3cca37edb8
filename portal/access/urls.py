"""Addresses of the questions about access."""

from django.urls import URLPattern, path

from portal.access.views import questions

workspace_urls: list[URLPattern] = [
    path("access/resources/<uuid:pk>/", questions.access_resource, name="access-resource"),
    path("access/integrations/<uuid:pk>/", questions.access_integration, name="access-integration"),
    path("access/members/<uuid:pk>/", questions.access_member, name="access-member"),
]
