"""Setting up is shown in two frames: inside a workspace, and behind a set-up link.

The same views, forms and templates serve both; a frame knows their addresses and their layout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

from portal.ui.pages import page


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a page of setting up stands: `key` is the workspace's slug or the signed link."""

    layout: str
    key: str
    prefix: str = ""

    @property
    def is_setup(self) -> bool:
        """Behind a set-up link: nothing of people, policies or other connections is shown."""
        return bool(self.prefix)

    def url(self, name: str, *args: object) -> str:
        """The address of a page in this frame; empty where the frame has no such page."""
        try:
            return reverse(self.prefix + name, args=[self.key, *args])
        except NoReverseMatch:
            return ""


def workspace_frame(slug: str) -> Frame:
    return Frame(layout="layouts/workspace.html", key=slug)


def setup_frame(signed: str) -> Frame:
    return Frame(layout="layouts/setup.html", key=signed, prefix="setup-")


def frame_of(request: HttpRequest) -> Frame:
    """The frame that the set-up link's door has put on the request, else the workspace's."""
    found = getattr(request, "frame", None)
    if isinstance(found, Frame):
        return found
    return workspace_frame(request.organization.slug)  # type: ignore[attr-defined]


def framed(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """A page of setting up, in the frame of this request."""
    values = {**(context or {}), "frame": frame_of(request)}
    return page(request, template, values, status=status)


def go(request: HttpRequest, name: str, *args: object) -> HttpResponse:
    """Redirect to a page of the same frame."""
    return redirect(frame_of(request).url(name, *args))
