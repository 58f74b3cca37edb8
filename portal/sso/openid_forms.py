"""Forms of setting up Google, Microsoft and other OpenID providers; they validate, never save."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.sso.models import Connection
from portal.sso.oidc.applications import is_offered
from portal.sso.oidc.describing import MAX_CLIENT_ID, MAX_SECRET, Description

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class OpenIDForm(forms.Form):
    """The provider, and the application there; the vendor's where it has one."""

    client_id = forms.CharField(
        label=_("Client ID"),
        max_length=MAX_CLIENT_ID,
        required=False,
        widget=forms.TextInput(attrs=_PLAIN),
    )
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=MAX_SECRET,
        required=False,
        help_text=_("Kept sealed and never shown again. Leave it empty to keep the present one."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_offered = is_offered(connection.kind)
        if not self.is_offered:
            self.fields["client_id"].required = True
            self.fields["client_secret"].required = not connection.sealed_client_secret
        if not connection.sealed_client_secret:
            self.fields["client_secret"].help_text = _("Kept sealed and never shown again.")

    def description(self) -> Description:
        return Description(**self.cleaned_data)

    def provider_fields(self) -> list[forms.BoundField]:
        """What every admin fills in; the rest is for those with an application of their own."""
        return [field for field in self if not field.name.startswith("client_")]

    def application_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name.startswith("client_")]

    def has_application_errors(self) -> bool:
        return any(field.errors for field in self.application_fields())


class GoogleForm(OpenIDForm):
    hosted_domain = forms.CharField(
        label=_("Workspace domain"),
        max_length=253,
        help_text=_("The primary domain of your Google Workspace. Private accounts stay out."),
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "example.com", "autofocus": True}),
    )


class MicrosoftForm(OpenIDForm):
    tenant_id = forms.CharField(
        label=_("Your Microsoft tenant"),
        max_length=253,
        help_text=_("Its domain, or its ID from the Entra admin centre, under Overview."),
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "example.com", "autofocus": True}),
    )


class IssuerForm(OpenIDForm):
    issuer = forms.CharField(
        label=_("Issuer"),
        max_length=500,
        help_text=_("Its /.well-known/openid-configuration is read from there."),
        widget=forms.URLInput(attrs={**_PLAIN, "placeholder": "https://…", "autofocus": True}),
    )


FORMS: dict[str, type[OpenIDForm]] = {
    Connection.Kind.GOOGLE: GoogleForm,
    Connection.Kind.MICROSOFT: MicrosoftForm,
    Connection.Kind.OIDC: IssuerForm,
}


def openid_form(connection: Connection, data: Any = None) -> OpenIDForm:
    names = ("hosted_domain", "tenant_id", "issuer", "client_id")
    initial = {name: getattr(connection, name) for name in names}
    return FORMS[connection.kind](data, connection=connection, initial=initial)
