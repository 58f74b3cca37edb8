"""From a request for a workspace to its actor and its scope."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from tenants.access import Actor
from tenants.addresses import AddressRefused, require_address
from tenants.clock import now
from tenants.holding import WorkspaceHeld
from tenants.models import Organization, Policy
from tenants.resolving import (
    EntryLapsed,
    RequestFacts,
    actor_for_session,
    organization_of_slug,
    vendor_organization,
    workspaces_of,
)
from tenants.scoping import organization_scope

WORKSPACE, CONSOLE = "/o/", "/console/"


def facts_of(request: HttpRequest) -> RequestFacts:
    """Request id and address; a proxy's word for the address counts only by its own setting."""
    return RequestFacts(
        request_id=str(getattr(request, "request_id", "")),
        address=str(request.META.get("REMOTE_ADDR", "")),
    )


class WorkspaceMiddleware:
    """Sets actor, organization and at, and keeps the scope open for the whole request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if not path.startswith((WORKSPACE, CONSOLE)):
            request.at = now()  # type: ignore[attr-defined]
            return self.get_response(request)
        if not request.user.is_authenticated:
            return redirect(_sign_in(request))
        organization = _organization(path)
        if organization is None:
            raise Http404
        with organization_scope(organization.pk):
            return self._inside(request, organization, at=now())

    def _inside(
        self, request: HttpRequest, organization: Organization, *, at: datetime
    ) -> HttpResponse:
        try:
            actor = self._actor(request, organization, at=at)
            if actor is None and not _may_enter(request, organization, at=at):
                raise Http404
        except EntryLapsed:
            actor = None
        except WorkspaceHeld as refusal:
            context = {"message": refusal.message}
            return render(request, "errors/held.html", context, status=refusal.status)
        except AddressRefused as refusal:
            raise PermissionDenied(refusal.message) from refusal
        if actor is None:
            return redirect(_enter(request, organization))
        request.actor = actor  # type: ignore[attr-defined]
        request.organization = organization  # type: ignore[attr-defined]
        request.at = at  # type: ignore[attr-defined]
        return self.get_response(request)

    def _actor(
        self, request: HttpRequest, organization: Organization, *, at: datetime
    ) -> Actor | None:
        key, user_id = request.session.session_key, request.user.pk
        if key is None or user_id is None:
            return None
        return actor_for_session(key, user_id, organization, at=at, facts=facts_of(request))


def _organization(path: str) -> Organization | None:
    if path.startswith(CONSOLE):
        return vendor_organization()
    return organization_of_slug(path.removeprefix(WORKSPACE).split("/", 1)[0])


def _may_enter(request: HttpRequest, organization: Organization, *, at: datetime) -> bool:
    """Whether this person is a member who only has to sign in to this workspace.

    Raises AddressRefused where signing in would not help. Only a member is told of the list.
    """
    user_id = request.user.pk
    if user_id is None:
        return False
    if not any(m.organization_id == organization.pk for m in workspaces_of(user_id, at=at)):
        return False
    require_address(Policy.objects.get().address_rule, facts_of(request).address)
    return True


def _enter(request: HttpRequest, organization: Organization) -> str:
    there = reverse("workspace-enter", args=[organization.slug])
    return f"{there}?{urlencode({'next': _next(request)})}"


def _sign_in(request: HttpRequest) -> str:
    return f"{reverse('sign-in')}?{urlencode({'next': _next(request)})}"


def _next(request: HttpRequest) -> str:
    # A form that was being posted cannot be replayed; its page can.
    return request.get_full_path() if request.method == "GET" else request.path
