"""The tabs of an integration's pages, as far as this person may open them."""

from typing import TypedDict

from django.utils.translation import gettext as _

from portal.catalog.models import Integration, Reach
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission


class Tab(TypedDict):
    url: str
    label: str
    current: bool


def tabs(request: PortalRequest, integration: Integration, current: str) -> list[Tab]:
    actor = request.actor
    manages = actor.may(Permission.INTEGRATION_MANAGE)
    offered = [
        ("integration-show", _("Overview"), True),
        ("integration-access", _("Permissions"), manages),
        ("import-list", _("Runs"), Reach.of(actor).every_integration),
        ("integration-change", _("Settings"), manages),
    ]
    return [
        {
            "url": workspace_url(request, name, integration.pk),
            "label": label,
            "current": name == current,
        }
        for name, label, allowed in offered
        if allowed
    ]
