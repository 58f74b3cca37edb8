"""What the catalogue adds to the registries of the layers below."""

from importlib import import_module

from django.utils.translation import gettext_lazy as _

from portal.catalog.searching import search_integrations, search_resources
from portal.ui import navigation, searching
from portal.ui.navigation import NavItem
from tenants.permissions import Permission

import_module("portal.catalog.tasks")
import_module("portal.catalog.api")
import_module("portal.catalog.disconnecting")

navigation.register(
    NavItem(
        section=_("Data"),
        label=_("Catalogue"),
        url_name="resource-list",
        icon="table-properties",
        permission=Permission.CATALOG_VIEW,
        order=40,
    )
)
navigation.register(
    NavItem(
        section=_("Data"),
        label=_("Integrations"),
        url_name="integration-list",
        icon="plug",
        permission=Permission.INTEGRATION_VIEW,
        order=41,
    )
)
searching.register(
    searching.Provider(
        label=_("Catalogue"), icon="table-properties", order=30, search=search_resources
    )
)
searching.register(
    searching.Provider(label=_("Integrations"), icon="plug", order=31, search=search_integrations)
)
