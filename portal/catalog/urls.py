"""Addresses of the catalogue in a workspace."""

from django.urls import URLPattern, path

from portal.catalog.views import (
    connecting,
    imports,
    integrations,
    resources,
    settings,
)

workspace_urls: list[URLPattern] = [
    path("integrations/", integrations.integration_list, name="integration-list"),
    path("integrations/new/", connecting.integration_new, name="integration-new"),
    path("integrations/<uuid:pk>/", integrations.integration_show, name="integration-show"),
    path(
        "integrations/<uuid:pk>/settings/",
        settings.integration_change,
        name="integration-change",
    ),
    path(
        "integrations/<uuid:pk>/settings/connection/",
        settings.integration_connection,
        name="integration-connection",
    ),
    path(
        "integrations/<uuid:pk>/settings/schedule/",
        settings.integration_schedule,
        name="integration-schedule",
    ),
    path("integrations/<uuid:pk>/run/", integrations.integration_run, name="integration-run"),
    path("integrations/<uuid:pk>/pause/", integrations.integration_pause, name="integration-pause"),
    path(
        "integrations/<uuid:pk>/resume/",
        integrations.integration_resume,
        name="integration-resume",
    ),
    path("integrations/<uuid:pk>/imports/", imports.import_list, name="import-list"),
    path("integrations/<uuid:pk>/imports/new/", imports.import_start, name="import-start"),
    path("integrations/<uuid:pk>/imports/<uuid:run_pk>/", imports.import_show, name="import-show"),
    path("catalog/", resources.resource_list, name="resource-list"),
    path("catalog/suggest/", resources.resource_suggest, name="resource-suggest"),
    path("catalog/export.csv", resources.resource_export, name="resource-export"),
    path("catalog/<uuid:pk>/", resources.resource_show, name="resource-show"),
]
