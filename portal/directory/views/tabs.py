"""The tabs that the directory's pages share."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.directory.models import HeldChange
from portal.directory.rules import HoldStatus
from portal.ui.requests import PortalRequest, workspace_url


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool
    count: int | None = None


def tabs_of(request: PortalRequest, current: str, *, held: int | None = None) -> list[Tab]:
    """`held`: how many removals wait, where the page has counted them already."""
    if held is None:
        held = HeldChange.objects.filter(hold__status=HoldStatus.WAITING).count()
    named = [
        ("directory-show", _("Overview"), None),
        ("directory-user-list", _("People"), None),
        ("directory-group-list", _("Groups"), None),
        ("directory-hold-list", _("Held"), held or None),
        ("directory-call-list", _("Calls"), None),
    ]
    return [
        Tab(label, workspace_url(request, name), name == current, count)
        for name, label, count in named
    ]
