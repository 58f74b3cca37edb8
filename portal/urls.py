"""Every address of Gatehouse: the features' own lists, put together."""

from django.urls import URLPattern, URLResolver, include, path

from portal.access.urls import workspace_urls as access_urls
from portal.catalog.urls import workspace_urls as catalog_urls
from portal.console.urls import console_urls
from portal.demo.urls import root_urls as demo_urls
from portal.directory.urls import root_urls as directory_root_urls
from portal.directory.urls import workspace_urls as directory_urls
from portal.downstream.urls import root_urls as downstream_root_urls
from portal.downstream.urls import workspace_urls as downstream_urls
from portal.evidence.urls import root_urls as evidence_root_urls
from portal.evidence.urls import workspace_urls as evidence_urls
from portal.fulfilment.urls import root_urls as fulfilment_root_urls
from portal.fulfilment.urls import workspace_urls as fulfilment_urls
from portal.grants.urls import workspace_urls as grant_urls
from portal.home.urls import workspace_urls as home_urls
from portal.outlets.urls import root_urls as outlet_urls
from portal.people.urls import console_urls as people_console_urls
from portal.people.urls import root_urls as people_root_urls
from portal.people.urls import workspace_urls as people_urls
from portal.queue.urls import root_urls as queue_urls
from portal.rest.urls import root_urls as rest_urls
from portal.sso.urls import console_urls as sso_console_urls
from portal.sso.urls import root_urls as sso_root_urls
from portal.sso.urls import workspace_urls as sso_urls
from portal.tickets.urls import workspace_urls as ticket_urls
from portal.ui.urls import root_urls as ui_urls

Routes = list[URLPattern | URLResolver]

workspace: Routes = [
    *ticket_urls,
    *catalog_urls,
    *access_urls,
    *people_urls,
    *sso_urls,
    *grant_urls,
    *directory_urls,
    *fulfilment_urls,
    *downstream_urls,
    *evidence_urls,
    *home_urls,
]
console: Routes = [*people_console_urls, *sso_console_urls, *console_urls]
urlpatterns: Routes = [
    *queue_urls,
    *ui_urls,
    *rest_urls,
    *people_root_urls,
    *sso_root_urls,
    *directory_root_urls,
    *downstream_root_urls,
    *fulfilment_root_urls,
    *outlet_urls,
    *evidence_root_urls,
    *demo_urls,
    path("o/<slug:slug>/", include(workspace)),
    path("console/", include(console)),
]

handler400 = "portal.ui.errors.bad_request"
handler403 = "portal.ui.errors.permission_denied"
handler404 = "portal.ui.errors.page_not_found"
handler500 = "portal.ui.errors.server_error"
