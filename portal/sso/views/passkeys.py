"""Passkeys: one's list of them, adding, naming and removing one, and signing in with one."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as webauthn
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView

from portal.sso.entering import person, safe_next
from portal.sso.factors import keeping_a_factor, setting_up
from portal.sso.passkeys import (
    AddPasskeyForm,
    RenamePasskeyForm,
    SignInPasskeyForm,
    asked_for_new,
)
from portal.sso.views.account import at_the_door, of_the_person, signing_in


class AddView(webauthn.AddWebAuthnView):  # type: ignore[misc]
    """The device is asked for a passkey that it keeps, if it can."""

    form_class = AddPasskeyForm
    template_name = "mfa/webauthn/add_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = FormView.get_context_data(self, **kwargs)
        context["options"] = asked_for_new(person(self.request))
        context["next"] = safe_next(self.request)
        return context

    def get_success_url(self) -> str:
        """New recovery codes are shown once, right now; else back to the list."""
        if self.did_generate_recovery_codes:
            return reverse("mfa_view_recovery_codes")
        return safe_next(self.request) or reverse("mfa_list_webauthn")


class RenameView(webauthn.EditWebAuthnView):  # type: ignore[misc]
    form_class = RenamePasskeyForm
    template_name = "mfa/webauthn/edit_form.html"


class RemoveView(webauthn.RemoveWebAuthnView):  # type: ignore[misc]
    template_name = "mfa/webauthn/authenticator_confirm_delete.html"


class ListView(webauthn.ListWebAuthnView):  # type: ignore[misc]
    template_name = "mfa/webauthn/authenticator_list.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().order_by("created_at", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["passkeys"] = [
            {"row": row, "name": row.wrap().name, "is_alone": row.wrap().is_passwordless}
            for row in context["authenticators"]
        ]
        return context


class SignInView(webauthn.LoginWebAuthnView):  # type: ignore[misc]
    """The question by a GET of the page's script, the answer by its form."""

    form_class = SignInPasskeyForm

    def form_invalid(self, form: Any) -> HttpResponse:
        said = [text for texts in form.errors.values() for text in texts]
        messages.error(self.request, " ".join(said) or _("That passkey was not accepted."))
        goal = safe_next(self.request)
        where = reverse("sign-in")
        return redirect(f"{where}?{urlencode({'next': goal})}" if goal else where)


def _removable(request: HttpRequest, pk: int) -> Authenticator | None:
    return Authenticator.objects.filter(
        user_id=person(request).pk, pk=pk, type=Authenticator.Type.WEBAUTHN
    ).first()


passkey_list = of_the_person(ListView.as_view())
passkey_add = of_the_person(setting_up(AddView.as_view()))
passkey_rename = of_the_person(RenameView.as_view())
passkey_remove = of_the_person(keeping_a_factor(RemoveView.as_view(), _removable))
passkey_sign_in = at_the_door(
    signing_in(SignInView.as_view()), reason="A passkey in place of the password."
)
