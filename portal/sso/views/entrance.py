"""The door: the e-mail address first, then the organization's way in, then the workspaces."""

from allauth.account.internal.flows.logout import logout
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.models import normalized
from portal.sso.entering import end_entries, entered, person, safe_next, slug_in
from portal.sso.forms import EmailForm
from portal.sso.rules import domain_of
from portal.sso.views.leading import ways_with_urls, with_goal
from portal.sso.views.limits import require_limit
from portal.sso.ways_in import ways_for
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
    """No way of single sign-on looks the same as a domain that nobody has proven."""
    request.session[EMAIL_KEY] = email
    ways = ways_for(email)
    offered = ways.single_sign_on if ways else ()
    if len(offered) > 1:
        return with_goal(reverse("sign-in-choose"), goal)
    if offered:
        return with_goal(reverse("sso-start", args=[offered[0].connection.pk]), goal)
    return with_goal(reverse("account_login"), goal)


@open_to_all(reason="Between the address and the provider, where there are several.")
@never_cache
def sign_in_choose(request: HttpRequest) -> HttpResponse:
    """The ways of the typed address's domain; names the domain, not whose it is."""
    goal, email = safe_next(request), str(request.session.get(EMAIL_KEY, ""))
    ways = ways_for(email)
    if request.user.is_authenticated or ways is None or not ways.single_sign_on:
        return redirect(with_goal(reverse("sign-in"), goal))
    context = {
        "domain": domain_of(email),
        "ways": ways_with_urls(ways, goal),
        "password_url": with_goal(reverse("account_login"), goal) if ways.password else "",
    }
    return page(request, "sso/choose.html", context)


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
