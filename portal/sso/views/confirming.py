"""Proving oneself again: entering another workspace, step-up, and changes to one's account."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.adapters import mail_first_password
from accounts.models import User
from audit.refusals import NotPermitted
from portal.sso.accounts_log import account_recorded
from portal.sso.entering import (
    entry_of,
    home_of,
    open_workspace,
    person,
    proof_of,
    safe_next,
)
from portal.sso.forms import ConfirmForm
from portal.sso.models import Connection
from portal.sso.passkeys import ConfirmPasskeyForm, asked_of
from portal.sso.providers import ConnectionProvider, provider_for
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.views.leading import ways_with_urls
from portal.sso.views.limits import require_limit
from portal.sso.ways_in import WaysIn, ways_into
from portal.ui.needs import needs, signed_in
from portal.ui.pages import page
from portal.ui.refusing import AGAIN, ask_to_press_again
from portal.ui.requests import PortalRequest
from tenants.actions.entries import step_up
from tenants.clock import now
from tenants.models import Entry, Membership, Policy
from tenants.resolving import lapse_reason, workspaces_of
from tenants.scoping import organization_scope


@signed_in(methods=("GET", "POST"))
def workspace_enter(request: HttpRequest, slug: str) -> HttpResponse:
    """Go into one of one's workspaces, proving what its policy asks for."""
    member = _own_membership(request, slug)
    goal = safe_next(request) or home_of(member.organization)
    with organization_scope(member.organization_id):
        lapsed = _lapsed_because(request, member)
        if lapsed == "":
            return redirect(goal)
        ways = ways_into(member.organization)
        if not ways.password or not person(request).has_usable_password():
            return _without_password(request, ways, goal=goal)
        if lapsed and request.method == "GET":
            messages.info(request, lapsed)
        return _by_password(request, member, ways, goal=goal)


def _own_membership(request: HttpRequest, slug: str) -> Membership:
    """Somebody else's workspace does not exist for this person."""
    for member in workspaces_of(person(request).pk, at=now()):
        if member.organization.slug == slug:
            return member
    raise Http404


def _lapsed_because(request: HttpRequest, member: Membership) -> str | None:
    """Why this session is let in no longer: empty while it is, None if it never was."""
    entry = entry_of(request, member)
    if entry is None:
        return None
    return lapse_reason(entry, Policy.objects.get(), member.organization, at=now())


def _without_password(request: HttpRequest, ways: WaysIn, *, goal: str) -> HttpResponse:
    """By single sign-on, or with a first password where the workspace takes one."""
    if ways.password and not _is_known_to(ways, person(request)):
        return _first_password(request, ways, goal=goal)
    offered = ways_with_urls(ways, goal)
    if not offered:
        raise NotPermitted(
            _("%(organization)s has no way in for you at the moment. Ask one of its admins.")
            % {"organization": ways.organization.name}
        )
    if len(offered) == 1:
        return redirect(offered[0]["url"])
    context = {"ways": offered, "organization": ways.organization}
    return page(request, "sso/enter.html", context)


def _first_password(request: HttpRequest, ways: WaysIn, *, goal: str) -> HttpResponse:
    is_sent = request.method == "POST"
    if is_sent:
        require_limit(request, "confirm")
        mail_first_password(request, person(request))
    context = {
        "organization": ways.organization,
        "ways": ways_with_urls(ways, goal),
        "is_sent": is_sent,
    }
    return page(request, "sso/first_password.html", context)


def _is_known_to(ways: WaysIn, user: User) -> bool:
    """Whether one of the connections has signed this person in before."""
    ids = [way.connection.provider_id for way in ways.single_sign_on]
    return bool(SocialAccount.objects.filter(user=user, provider__in=ids).exists())


def _by_password(
    request: HttpRequest, member: Membership, ways: WaysIn, *, goal: str
) -> HttpResponse:
    form = _confirm_form(request)
    if request.method == "POST" and _confirmed(request, form):
        if open_workspace(request, member, proof_of(request), at=now()) is not None:
            return redirect(goal)
        return redirect(f"{reverse('mfa_activate_totp')}?{urlencode({'next': goal})}")
    context = {
        "form": form,
        "ways": ways_with_urls(ways, goal),
        "next": goal,
        "organization": member.organization,
        "options": asked_of(person(request)),
    }
    return page(request, "sso/enter.html", context)


def _confirm_form(request: HttpRequest) -> ConfirmForm:
    answers = None if _is_by_passkey(request) else request.POST or None
    return ConfirmForm(answers, user=person(request), request=request)


def _is_by_passkey(request: HttpRequest) -> bool:
    return "credential" in request.POST


def _confirmed(request: HttpRequest, form: ConfirmForm) -> bool:
    """Check the answers, and remember in the session what was proven."""
    require_limit(request, "confirm")
    if _is_by_passkey(request):
        return _confirmed_by_passkey(request)
    # A recovery code is used up by being checked, and that is told.
    with account_recorded(request, form.user):
        is_right = form.is_valid()
    if not is_right:
        return False
    if form.second_factor is not None:
        form.second_factor.save()
    record_authentication(request, form.user, method="password", reauthenticated=True)
    return True


def _confirmed_by_passkey(request: HttpRequest) -> bool:
    ask: Any = ConfirmPasskeyForm
    answer = ask(request.POST, user=person(request))
    if answer.is_valid():
        answer.save()
        return True
    for said in answer.non_field_errors():
        messages.error(request, said)
    return False


@signed_in(methods=("GET", "POST"))
def account_confirm(request: HttpRequest) -> HttpResponse:
    """Asked before changes to one's own account. Raises NotPermitted without a password."""
    user = person(request)
    if not user.has_usable_password():
        raise NotPermitted(
            _("Your account is managed by your organization's single sign-on. Change it there.")
        )
    form = _confirm_form(request)
    if request.method == "POST" and _confirmed(request, form):
        return resume_request(request) or redirect("workspace-list")
    context = {"form": form, "next": safe_next(request), "options": asked_of(user)}
    return page(request, "sso/confirm.html", context)


@needs(None, methods=("GET", "POST"))
def step_up_show(request: PortalRequest, slug: str = "") -> HttpResponse:
    """Prove oneself again within the workspace, the way one came in."""
    entry = request.actor.entry
    if entry is None:
        raise NotPermitted(_("Open this page in the browser you signed in with."))
    goal = safe_next(request) or home_of(request.organization)
    if request.actor.has_stepped_up(at=request.at) and request.method == "GET":
        return redirect(goal)
    if entry.connection_id is not None:
        return _step_up_at_provider(request, entry, goal=goal)
    return _step_up_by_password(request, entry, goal=goal)


def _step_up_by_password(request: PortalRequest, entry: Entry, *, goal: str) -> HttpResponse:
    form = _confirm_form(request)
    if request.method == "POST" and _confirmed(request, form):
        method = Entry.Method.PASSKEY if _is_by_passkey(request) else entry.method
        step_up(entry, actor=request.actor, at=request.at, method=method)
        if AGAIN in request.GET:
            ask_to_press_again(request)
        return redirect(goal)
    context = {
        "form": form,
        "next": goal,
        "home": home_of(request.organization),
        "options": asked_of(person(request)),
    }
    return page(request, "sso/step_up.html", context)


def _step_up_at_provider(request: PortalRequest, entry: Entry, *, goal: str) -> HttpResponse:
    connection = Connection.objects.in_use().filter(pk__in=[entry.connection_id]).first()
    if connection is None:
        raise SignInRefused(Reason.INACTIVE)
    provider = provider_for(request, connection)
    if request.method == "POST":
        return provider.redirect(
            request,
            "login",
            next_url=goal,
            data={
                "step_up": str(entry.pk),
                "asked_at": request.at.isoformat(),
                AGAIN: AGAIN in request.GET,
            },
            force=True,
        )
    context = {"connection": connection, "next": goal, "home": home_of(request.organization)}
    response = page(request, "sso/step_up.html", context)
    return leads_to_provider(response, provider)


def leads_to_provider(response: HttpResponse, provider: ConnectionProvider) -> HttpResponse:
    """Let the form of this one page end at this one identity provider."""
    parts = urlsplit(provider.sends_to())
    origin = f"{parts.scheme}://{parts.netloc}"
    response._csp_update = {"form-action": [origin]}  # type: ignore[attr-defined]  # noqa: SLF001
    return response
