"""The page behind an invitation's link: join while signed in, or make an account first."""

from allauth.account.internal.flows.login import record_authentication
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User, normalized
from portal.people.forms.account import JoiningForm
from portal.people.joining import Place, join, join_as_newcomer, link_of, place_of
from portal.ui.needs import open_to_all
from portal.ui.pages import page
from tenants.actions.entries import open_entry
from tenants.clock import now
from tenants.middleware import facts_of
from tenants.models import Entry, Membership, Policy
from tenants.resolving import actor_for_member
from tenants.scoping import organization_scope

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@open_to_all(reason="The signed link proves the invited address.", methods=("GET", "POST"))
def invitation_accept(request: HttpRequest, signed: str) -> HttpResponse:
    link = link_of(signed)
    with organization_scope(link.organization_id):
        place = place_of(link, at=now())
        if request.user.is_authenticated:
            return _as_member_to_be(request, place)
        if User.objects.filter(email=place.invitation.email).exists():
            return _after_sign_in(request, place)
        return _as_newcomer(request, place)


def _as_member_to_be(request: HttpRequest, place: Place) -> HttpResponse:
    user = request.user
    is_invited = isinstance(user, User) and normalized(user.email) == place.invitation.email
    if request.method == "POST" and is_invited:
        join(place, user, facts=facts_of(request), at=now())  # type: ignore[arg-type]
        messages.success(request, _("Welcome to %(name)s.") % {"name": place.organization.name})
        return redirect("workspace-enter", place.organization.slug)
    step = "join" if is_invited else "other"
    return page(request, "people/invitation_accept.html", {"place": place, "step": step})


def _after_sign_in(request: HttpRequest, place: Place) -> HttpResponse:
    where = f"{reverse('sign-in')}?{urlencode({'next': request.path})}"
    context = {"place": place, "step": "sign-in", "sign_in_url": where}
    return page(request, "people/invitation_accept.html", context)


def _by_single_sign_on(request: HttpRequest, place: Place) -> HttpResponse:
    """The identity provider vouches for the address, which takes the place without a password."""
    context = {"place": place, "step": "sso", "sign_in_url": reverse("sign-in")}
    return page(request, "people/invitation_accept.html", context)


def _as_newcomer(request: HttpRequest, place: Place) -> HttpResponse:
    if request.method == "GET" and Policy.objects.get().enforces_sso(at=now()):
        return _by_single_sign_on(request, place)
    form = JoiningForm(
        request.POST or None,
        email=place.invitation.email,
        initial={"name": place.invitation.name},
    )
    if request.method == "POST" and form.is_valid():
        member = join_as_newcomer(place, facts=facts_of(request), at=now(), **form.cleaned_data)
        return redirect(_let_in(request, member))
    context = {"place": place, "step": "new", "form": form}
    status = 422 if form.is_bound else 200
    return page(request, "people/invitation_accept.html", context, status=status)


def _let_in(request: HttpRequest, member: Membership) -> str:
    """Sign the new person in, and into the workspace unless its policy asks for more."""
    user = member.user
    if user is None:
        raise TypeError("A newcomer has an account.")
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method="password", reauthenticated=True)
    home = _home_of(member)
    if Policy.objects.get().mfa_required:
        messages.info(request, _("One more step: this workspace asks for a second factor."))
        return f"{reverse('mfa_activate_totp')}?{urlencode({'next': home})}"
    open_entry(
        member,
        actor=actor_for_member(member, facts=facts_of(request)),
        at=now(),
        session_key=str(request.session.session_key),
        method=Entry.Method.PASSWORD,
        device=request.headers.get("User-Agent", ""),
    )
    return home


def _home_of(member: Membership) -> str:
    if member.organization.is_vendor:
        return reverse("console-home")
    return reverse("home-show", args=[member.organization.slug])
