"""What the first page adds to the side bar."""

from importlib import import_module

from django.utils.translation import gettext_lazy as _

from portal.ui.navigation import NavItem, register

register(
    NavItem(
        section="",
        label=_("Overview"),
        url_name="home-show",
        icon="layout-dashboard",
        permission=None,
        order=0,
    )
)
import_module("portal.home.api")
