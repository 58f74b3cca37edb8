"""Forms at the door and of the SSO page; they validate and never save."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from portal.sso.rules import is_domain, normalized_domain


class EmailForm(forms.Form):
    """The first question."""

    email = forms.EmailField(
        label=_("Work e-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class PasswordForm(LoginForm):  # type: ignore[misc]
    """The sign-in form of allauth in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, login.widget.attrs["placeholder"] = _("Work e-mail"), ""
        password.label, password.widget.attrs["placeholder"] = _("Password"), ""
        password.help_text = ""
        login.widget.attrs.pop("autofocus", None)
        (password if self.initial.get("login") else login).widget.attrs["autofocus"] = True


class ConfirmForm(forms.Form):
    """Password and second factor of a signed-in person, asked again."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    code = forms.CharField(
        label=_("Code from your authenticator app, or a recovery code"),
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.request = user, request
        self.has_second_factor = bool(is_mfa_enabled(user))
        self.second_factor: AuthenticateForm | None = None
        if not self.has_second_factor:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            self._check_password(values["password"])
        if not self.errors and self.has_second_factor:
            self._check_code(values["code"])
        return values

    def _check_password(self, password: str) -> None:
        adapter = get_adapter(self.request)
        found = adapter.authenticate(self.request, email=self.user.email, password=password)
        if found is None or found.pk != self.user.pk:
            self.add_error("password", _("That is not your password."))

    def _check_code(self, code: str) -> None:
        self.second_factor = AuthenticateForm(user=self.user, data={"code": code})
        if not self.second_factor.is_valid():
            self.add_error(
                "code", _("That code is wrong or was used. Wait for the next one and try again.")
            )


class DomainForm(forms.Form):
    """A domain to prove."""

    name = forms.CharField(label=_("Domain"), max_length=253)

    def clean_name(self) -> str:
        name = normalized_domain(self.cleaned_data["name"])
        if not is_domain(name):
            raise forms.ValidationError(_("Enter a domain such as example.com."))
        return name
