"""What surrounds every page: workspaces, navigation, what waits, the chosen theme."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from portal.ui.navigation import NavSection, navigation_for
from portal.ui.notices import Notice, notices_for
from portal.ui.waiting import waiting_for
from tenants.access import Actor, ActorKind
from tenants.models import Organization
from tenants.resolving import workspaces_of

THEMES = ("system", "light", "dark")


@dataclass(frozen=True)
class WorkspaceLink:
    name: str
    slug: str
    url: str


@dataclass(frozen=True)
class Shell:
    """The frame of one page; everything in it is fetched before the template runs."""

    organization: Organization | None = None
    actor: Actor | None = None
    role: str = ""
    sections: Sequence[NavSection] = ()
    workspaces: Sequence[WorkspaceLink] = ()
    waiting: int = 0
    notices: Sequence[Notice] = ()
    at: datetime | None = None
    area: str = "account"


def shell_for(request: HttpRequest) -> Shell:
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return Shell()
    at: datetime = request.at  # type: ignore[attr-defined]
    if actor.kind is ActorKind.SETUP_LINK:
        # Nobody of the workspace: nothing of it surrounds the page.
        return Shell(organization=actor.organization, at=at)
    area = "console" if actor.organization.is_vendor else "workspace"
    return Shell(
        organization=actor.organization,
        actor=actor,
        role=actor.membership.role_label if actor.membership else "",
        sections=navigation_for(actor, area=area, path=request.path),
        workspaces=workspace_links(request, at),
        waiting=len(waiting_for(actor, at)),
        notices=notices_for(actor, at),
        at=at,
        area=area,
    )


def workspace_links(request: HttpRequest, at: datetime) -> list[WorkspaceLink]:
    """Where else this person may go; the vendor's own workspace is the console."""
    user_id = request.user.pk
    found = [m.organization for m in workspaces_of(user_id, at=at)] if user_id else []
    return [
        WorkspaceLink(
            name=organization.name,
            slug=organization.slug,
            url=reverse("console-home")
            if organization.is_vendor
            else reverse("home-show", args=[organization.slug]),
        )
        for organization in found
    ]


def surroundings(request: HttpRequest) -> dict[str, str]:
    """Context processor: the theme, for pages that are not rendered by `page` too."""
    user = getattr(request, "user", None)
    chosen = getattr(user, "theme", "") or request.COOKIES.get("theme", "")
    return {"theme": chosen if chosen in THEMES else "system"}
