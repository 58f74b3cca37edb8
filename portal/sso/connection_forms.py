"""Forms of setting up an SSO connection; they validate and never save."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.sso.models import Connection
from portal.sso.saml.certificates import CertificateWrong, read_certificate
from portal.sso.saml.fetching import read_document
from portal.sso.saml.idp_metadata import MAX_METADATA, IdentityProvider, MetadataWrong

KINDS = (
    (
        Connection.Kind.SAML,
        "shield-check",
        _("SAML 2.0"),
        _("Okta, Entra ID, Google, Keycloak, ADFS and nearly every other identity provider."),
    ),
    (
        Connection.Kind.GOOGLE,
        "mail",
        _("Google Workspace"),
        _("People press “Continue with Google”. You type your Workspace domain, nothing else."),
    ),
    (
        Connection.Kind.MICROSOFT,
        "layout-grid",
        _("Microsoft Entra ID"),
        _("People use their Microsoft 365 account. You type your domain, an admin consents once."),
    ),
    (
        Connection.Kind.OIDC,
        "fingerprint-pattern",
        _("OpenID Connect"),
        _("Any provider that publishes an issuer: Auth0, Authentik, Ping, GitLab and others."),
    ),
)


class KindForm(forms.Form):
    """What to connect to, and what people read on the sign-in button."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=[(value, label) for value, _icon, label, _text in KINDS]
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("People read it on the sign-in button: “Continue with …”."),
        widget=forms.TextInput(attrs={"placeholder": "Okta", "autocomplete": "off"}),
    )


class AddressForm(forms.Form):
    """Where the identity provider publishes its metadata."""

    metadata_url = forms.CharField(
        label=_("Metadata address"),
        max_length=500,
        help_text=_(
            "Fetched now, and again every day: a new certificate of your identity provider is "
            "noticed in time."
        ),
        # No autofocus: it would scroll past our own values, which come first.
        widget=forms.URLInput(attrs={"placeholder": "https://…", "autocomplete": "off"}),
    )


class DocumentForm(forms.Form):
    """The metadata itself: a file, or its text."""

    file = forms.FileField(
        label=_("Metadata file"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".xml,application/xml,text/xml"}),
    )
    metadata = forms.CharField(
        label=_("Or paste the XML"),
        required=False,
        max_length=MAX_METADATA,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if self.errors:
            return values
        field = "file" if values.get("file") else "metadata"
        try:
            values["provider"] = read_document(self._document(values, field))
        except MetadataWrong as wrong:
            self.add_error(field, str(wrong))
        return values

    @staticmethod
    def _document(values: dict[str, Any], field: str) -> bytes:
        if field == "metadata":
            if not values["metadata"].strip():
                raise MetadataWrong("Choose a file or paste the XML.")
            return str(values["metadata"]).encode()
        if values["file"].size > MAX_METADATA:
            raise MetadataWrong("The metadata is larger than 256 KB.")
        return bytes(values["file"].read())


def _as_text(rows: int) -> forms.Textarea:
    return forms.Textarea(
        attrs={
            "rows": rows,
            "spellcheck": "false",
            "placeholder": "-----BEGIN CERTIFICATE-----",
        }
    )


class CertificateForm(forms.Form):
    """One more certificate to trust."""

    certificate = forms.CharField(
        label=_("Certificate"), max_length=20_000, widget=_as_text(5), help_text=_("X.509, in PEM.")
    )

    def clean_certificate(self) -> str:
        return _checked(self.cleaned_data["certificate"])


class FieldsForm(forms.Form):
    """The identity provider in single values, for those without metadata."""

    entity_id = forms.CharField(
        label=_("Entity ID (issuer)"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    sso_url = forms.CharField(
        label=_("Sign-in address"),
        max_length=500,
        help_text=_("Where a browser is sent to sign in."),
        widget=forms.URLInput(attrs={"placeholder": "https://…", "autocomplete": "off"}),
    )
    binding = forms.ChoiceField(
        label=_("How a request gets there"),
        choices=Connection.Binding.choices,
        initial=Connection.Binding.REDIRECT,
        required=False,
        help_text=_("HTTP-Redirect fits nearly everywhere."),
    )
    certificate = forms.CharField(
        label=_("Signing certificate"), max_length=20_000, widget=_as_text(5)
    )
    next_certificate = forms.CharField(
        label=_("Second certificate"),
        max_length=20_000,
        required=False,
        widget=_as_text(3),
        help_text=_("Trusted beside the first, for the day your identity provider changes it."),
    )

    def clean_certificate(self) -> str:
        return _checked(self.cleaned_data["certificate"])

    def clean_next_certificate(self) -> str:
        text: str = self.cleaned_data["next_certificate"]
        return _checked(text) if text.strip() else ""

    def provider(self) -> IdentityProvider:
        values = self.cleaned_data
        given = (values["certificate"], values["next_certificate"])
        return IdentityProvider(
            entity_id=values["entity_id"],
            sso_url=values["sso_url"],
            certificates=tuple(dict.fromkeys(pem for pem in given if pem)),
            binding=values["binding"] or Connection.Binding.REDIRECT,
        )


def _checked(text: str) -> str:
    try:
        return read_certificate(text).pem
    except CertificateWrong as wrong:
        raise forms.ValidationError(str(wrong)) from wrong


class SetupLinkForm(forms.Form):
    """Who gets a set-up link, and for what."""

    email = forms.EmailField(
        label=_("Send it to"),
        max_length=254,
        required=False,
        help_text=_("Leave it empty to copy the link yourself. It is shown once."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, drafts: QuerySet[Connection], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["connection"] = forms.ModelChoiceField(
            label=_("To go on with"),
            queryset=drafts,
            required=False,
            empty_label=_("a new SSO connection"),
        )


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)


class OptionsForm(forms.Form):
    """The switches of a SAML connection."""

    signs_requests = forms.BooleanField(
        label=_("Sign our requests"),
        required=False,
        help_text=_("Your identity provider can then check that a sign-in was asked for by us."),
    )
    accepts_unsolicited = forms.BooleanField(
        label=_("Accept sign-ins that begin in the identity provider's portal"),
        required=False,
        help_text=_(
            "Leave it off if you can, and give the portal's tile our start address instead. "
            "A sign-in that nobody here asked for can be slipped to a person by somebody else, "
            "who then watches what they do in the wrong account."
        ),
    )
