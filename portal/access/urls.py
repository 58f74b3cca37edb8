"""Addresses of the questions about access, and of giving it to teams."""

from django.urls import URLPattern, path

from portal.access.views import granting, questions

workspace_urls: list[URLPattern] = [
    path("access/resources/<uuid:pk>/", questions.access_resource, name="access-resource"),
    path("access/integrations/<uuid:pk>/", questions.access_integration, name="access-integration"),
    path("integrations/<uuid:pk>/access/", granting.integration_access, name="integration-access"),
    path("catalog/<uuid:pk>/access/", granting.resource_access, name="resource-access"),
    path("access/members/<uuid:pk>/", questions.access_member, name="access-member"),
]
