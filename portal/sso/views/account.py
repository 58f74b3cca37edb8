"""allauth's own pages, mounted one by one inside our transaction, log and entries."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.logout import logout
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView

from accounts.adapters import prove_address
from accounts.models import User, normalized
from audit.names import EventName
from audit.refusals import NotPermitted
from portal.sso.accounts_log import audited, record_for_person
from portal.sso.enforced import ways_around_password
from portal.sso.entering import (
    after_sign_in,
    entered,
    open_workspaces,
    person,
    proof_of,
    safe_next,
)
from portal.sso.factors import factors_of, keeping_a_factor, setting_up, workspace_that_asks
from portal.sso.forms import PasswordForm
from portal.sso.passkeys import SecondFactorPasskeyForm, asked_of
from portal.sso.views.entrance import EMAIL_KEY
from portal.sso.ways_in import WaysIn
from portal.ui.needs import open_to_all, signed_in
from portal.ui.pages import page
from portal.ui.refusing import refusal_page
from tenants.clock import now
from tenants.models import Membership

Mounted = Callable[..., HttpResponse]
BOTH = ("GET", "POST")


class PasswordView(account.LoginView):  # type: ignore[misc]
    """allauth's sign-in form, with the address from the first page filled in."""

    form_class = PasswordForm

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "login": self.request.session.get(EMAIL_KEY, "")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["next"] = safe_next(self.request)
        return context

    def form_invalid(self, form: Any) -> HttpResponse:
        """A failed attempt is known to the person's organizations, never to the one who tries."""
        address = normalized(str(form.data.get("login", "")))
        user = User.objects.filter(email=address).first()
        _record_failure(self.request, user, method="password")
        response: HttpResponse = super().form_invalid(form)
        return response


class CodeView(mfa.AuthenticateView):  # type: ignore[misc]
    """allauth's page for the second factor; a wrong code is known to the organizations."""

    webauthn_form_class = SecondFactorPasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["options"] = asked_of(self.stage.login.user)
        return context

    def form_invalid(self, form: Any) -> HttpResponse:
        method = "passkey" if isinstance(form, SecondFactorPasskeyForm) else "code"
        _record_failure(self.request, self.stage.login.user, method=method)
        response: HttpResponse = super().form_invalid(form)
        return response


class IndexView(mfa.IndexView):  # type: ignore[misc]
    """What the person signs in with besides the password, and what is left of the codes."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        codes = context["authenticators"].get(Authenticator.Type.RECOVERY_CODES)
        context["codes_left"] = len(codes.get_unused_codes()) if codes else 0
        context["is_last"] = len(factors_of(person(self.request))) == 1
        context["asking"] = workspace_that_asks(person(self.request))
        return context


class AppView(totp.ActivateTOTPView):  # type: ignore[misc]
    """Set an authenticator app up, or move it to another phone in one step."""

    @method_decorator(reauthentication_required(app="allauth.mfa"))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = FormView.dispatch(self, request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["replaces"] = self._present().exists()
        context["next"] = safe_next(self.request)
        return context

    def form_valid(self, form: Any) -> HttpResponse:
        self._present().delete()
        response: HttpResponse = super().form_valid(form)
        return response

    def _present(self) -> "QuerySet[Authenticator]":
        user = person(self.request)
        rows: QuerySet[Authenticator] = Authenticator.objects.filter(
            user_id=user.pk, type=Authenticator.Type.TOTP
        )
        return rows


def _app(request: HttpRequest) -> Authenticator | None:
    found = [one for one in factors_of(person(request)) if one.type == Authenticator.Type.TOTP]
    return found[0] if found else None


def _record_failure(request: HttpRequest, user: User | None, *, method: str) -> None:
    with transaction.atomic():
        record_for_person(
            request,
            EventName.SIGN_IN_REFUSED,
            user=user,
            outcome="refused",
            reason=f"wrong {method}",
        )


def signing_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """When the view has signed somebody in, open the workspaces they have proven enough for."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        was_signed_in = request.user.is_authenticated
        response = view(request, *args, **kwargs)
        if was_signed_in or not request.user.is_authenticated:
            return response
        goal = safe_next(request, response.headers.get("Location", ""))
        members = open_workspaces(request, at=now())
        if not members:
            return _nowhere_to_go(request)
        if (elsewhere := ways_around_password(request, members, at=now())) is not None:
            return _only_single_sign_on(request, elsewhere, goal=goal)
        return redirect(_arrive(request, members, goal=goal))

    return run


def _nowhere_to_go(request: HttpRequest) -> HttpResponse:
    """Every access of this person was taken away: no session stays behind."""
    record_for_person(
        request, EventName.SIGN_IN_REFUSED, user=None, outcome="refused", reason="no workspace"
    )
    logout(request, show_message=False)
    return refusal_page(
        request, 403, _("Your access was ended. Ask an admin of your organization about it.")
    )


def _only_single_sign_on(request: HttpRequest, ways: list[WaysIn], *, goal: str) -> HttpResponse:
    """The password was right and opens nothing here: say so, now that it gives nothing away."""
    record_for_person(
        request,
        EventName.SIGN_IN_REFUSED,
        user=person(request),
        outcome="refused",
        reason="single sign-on only",
    )
    logout(request, show_message=False)
    context = {"ways": ways, "next": goal}
    return page(request, "sso/only_single_sign_on.html", context, status=403)


def _arrive(request: HttpRequest, members: list[Membership], *, goal: str) -> str:
    user = person(request)
    if proof_of(request).password:
        record_authentication(request, user, method="password", reauthenticated=True)
    if not entered(request) and _lacks_second_factor(request):
        return f"{reverse('mfa_activate_totp')}?{urlencode({'next': goal})}"
    if goal and goal != reverse("workspace-list"):
        return goal
    return after_sign_in(request, members)


def _lacks_second_factor(request: HttpRequest) -> bool:
    proof = proof_of(request)
    return proof.password and not proof.second_factor


def _with_own_password(view: Callable[..., HttpResponseBase]) -> Mounted:
    """Accounts that only single sign-on opens are looked after where they come from."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user = person(request)
        if not user.has_usable_password():
            raise NotPermitted(
                _("Your account is managed by your organization's single sign-on. Change it there.")
            )
        prove_address(user)
        return view(request, *args, **kwargs)

    return run


def at_the_door(view: Callable[..., HttpResponseBase], *, reason: str) -> Mounted:
    mounted: Mounted = open_to_all(reason=reason, methods=BOTH)(audited(view))  # type: ignore[arg-type]
    return mounted


def of_the_person(view: Callable[..., HttpResponseBase]) -> Mounted:
    mounted: Mounted = signed_in(methods=BOTH)(_with_own_password(audited(view)))
    return mounted


password = at_the_door(signing_in(PasswordView.as_view()), reason="The password page.")
code = at_the_door(signing_in(CodeView.as_view()), reason="The second factor's page.")
inactive = at_the_door(account.account_inactive, reason="Says that an account is closed.")
address_sent = at_the_door(account.email_verification_sent, reason="Says that a mail was sent.")
address_confirm = at_the_door(account.confirm_email, reason="The link proves the address.")
reset = at_the_door(account.password_reset, reason="Whoever forgot the password.")
reset_done = at_the_door(account.password_reset_done, reason="Says that a mail was sent.")
reset_from_key = at_the_door(account.password_reset_from_key, reason="The link proves the address.")
reset_from_key_done = at_the_door(
    account.password_reset_from_key_done, reason="Says that the password was changed."
)
password_change = of_the_person(account.password_change)
address_change = of_the_person(account.email)
second_factor = of_the_person(IndexView.as_view())
second_factor_activate = of_the_person(setting_up(AppView.as_view()))
second_factor_deactivate = of_the_person(keeping_a_factor(totp.deactivate_totp, _app))
recovery_codes_show = of_the_person(recovery_codes.view_recovery_codes)
recovery_codes_generate = of_the_person(recovery_codes.generate_recovery_codes)
