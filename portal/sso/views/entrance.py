"""The door: the e-mail address first, then the organization's way in, then the workspaces."""

from allauth.account.internal.flows.logout import logout
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import normalized
from portal.sso.entering import end_entries, entered, person, safe_next, slug_in
from portal.sso.forms import EmailForm
from portal.sso.views.limits import require_limit
from portal.sso.ways_in import connection_for
from portal.ui.needs import open_to_all, signed_in
from portal.ui.pages import page
from tenants.clock import now
from tenants.resolving import workspaces_of

# Where the password page finds the address typed on the first page; an address in the URL
# would end up in logs.
EMAIL_KEY = "sign_in_email"


@open_to_all(reason="Signing in starts here.", methods=("GET", "POST"))
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for the address; its domain leads to the organization's SSO, or to the password."""
    goal = safe_next(request)
    if request.user.is_authenticated:
        return redirect(_for_signed_in(goal))
    form = EmailForm(request.POST or None)
    if request.method == "POST":
        require_limit(request, "email")
        if form.is_valid():
            return redirect(_way_for(request, normalized(form.cleaned_data["email"]), goal))
    return page(request, "sso/sign_in.html", {"form": form, "next": goal})


def _for_signed_in(goal: str) -> str:
    slug = slug_in(goal)
    if slug:
        return f"{reverse('workspace-enter', args=[slug])}?{urlencode({'next': goal})}"
    return goal if goal not in ("", "/") else reverse("workspace-list")


def _way_for(request: HttpRequest, email: str, goal: str) -> str:
    request.session[EMAIL_KEY] = email
    connection = connection_for(email)
    if connection is None:
        where = reverse("account_login")
    else:
        where = reverse("sso-start", args=[connection.pk])
    return f"{where}?{urlencode({'next': goal})}" if goal else where


@open_to_all(reason="Whoever is signed in may leave.", methods=("GET", "POST"))
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this browser's entries and its session."""
    if request.method != "POST":
        return page(request, "sso/sign_out.html")
    if request.user.is_authenticated:
        with transaction.atomic():
            end_entries(request, at=now(), because="signed out")
            logout(request, show_message=False)
        messages.success(request, _("You are signed out."))
    response = redirect("sign-in")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@signed_in()
def workspace_list(request: HttpRequest) -> HttpResponse:
    """The person's workspaces, and which of them this browser is let into."""
    at = now()
    members = workspaces_of(person(request).pk, at=at)
    inside = entered(request)
    rows = [
        {
            "organization": member.organization,
            "role": member.role_label,
            "inside": member.organization_id in inside,
            "url": reverse("workspace-enter", args=[member.organization.slug]),
        }
        for member in members
    ]
    if len(rows) == 1:
        return redirect("workspace-enter", members[0].organization.slug)
    return page(request, "sso/workspaces.html", {"rows": rows})
