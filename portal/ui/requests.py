"""The request as the portal's views see it, and the way to a page of its workspace."""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from tenants.access import Actor
from tenants.models import Organization


class PortalRequest(HttpRequest):
    """A request the middleware has let into a workspace or the console."""

    actor: Actor
    organization: Organization
    at: datetime
    htmx: HtmxDetails


def workspace_url(request: HttpRequest, name: str, *args: object) -> str:
    """The address of a page in the workspace of this request."""
    slug: str = request.organization.slug  # type: ignore[attr-defined]
    return reverse(name, args=[slug, *args])
