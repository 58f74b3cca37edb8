"""Forms of break-glass; they validate and never save."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.sso.emergency import Keys
from portal.ui.forms import ActorForm
from tenants.models import Membership


class BreakGlassForm(forms.Form):
    """All keys at once: what is wrong with which is nobody's business."""

    email = forms.EmailField(
        label=_("Work e-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    factor = forms.CharField(
        label=_("Code from your authenticator app, or a recovery code"),
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    code = forms.CharField(
        label=_("Break-glass code"),
        max_length=80,
        help_text=_("Eight groups of four. Capitals and hyphens do not matter."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
    )

    def keys(self) -> Keys:
        return Keys(**self.cleaned_data)


class NominationForm(ActorForm):
    """Another owner to hold a break-glass code."""

    member: "forms.ModelChoiceField[Membership]" = forms.ModelChoiceField(
        label=_("Owner"), queryset=None, empty_label=None
    )

    def __init__(self, *args: Any, owners: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["member"].queryset = owners  # type: ignore[attr-defined]
