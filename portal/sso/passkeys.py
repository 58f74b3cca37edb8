"""Passkeys: what a browser is asked, and what of its answer counts.

Every passkey is asked to verify its person (a fingerprint, a face, a PIN), so that possession and
person together stand for the password and the second factor.
"""

import json

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import InvalidSignature
from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_decode

from accounts.models import User

LONGEST_ANSWER = 16_384
LONGEST_NAME = 60
# What broken input makes the parsers raise: whoever sends it gets an answer, not an error page.
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    InvalidSignature,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class _Guarded(forms.Form):
    """Turns an answer that cannot be read, or that belongs elsewhere, into an error to show."""

    def full_clean(self) -> None:
        try:
            if self.is_bound:
                _check_origin(str(self.data.get("credential", "")))
            super().full_clean()
        except _UNREADABLE:
            self._not_accepted()
        if self.has_error("credential", "incorrect_code") or self.has_error(None, "incorrect_code"):
            self._not_accepted()

    def has_error(self, field: str | None, code: str | None = None) -> bool:
        """Without cleaning again."""
        wrong = self._errors.get(field or NON_FIELD_ERRORS) if self._errors else None
        return wrong is not None and (code is None or any(e.code == code for e in wrong.as_data()))

    def _not_accepted(self) -> None:
        """One sentence for every cause: the person cannot mend it, and a forger learns nothing."""
        self._errors = forms.utils.ErrorDict(renderer=self.renderer)
        self.cleaned_data = {}
        self.add_error(None, _("That passkey was not accepted. Try again."))


def _check_origin(text: str) -> None:
    """Exactly our own address: a page on another host of the domain must not collect answers."""
    if len(text) > LONGEST_ANSWER:
        raise ValueError("too long")
    said = json.loads(websafe_decode(json.loads(text)["response"]["clientDataJSON"]))
    if said["origin"] != settings.BASE_URL or said.get("crossOrigin", False) is not False:
        raise ValueError("another origin")


class SignInPasskeyForm(_Guarded, LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey in place of address and password."""


class SecondFactorPasskeyForm(_Guarded, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after the password."""


class ConfirmPasskeyForm(_Guarded, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey of somebody who is signed in, asked again."""


class AddPasskeyForm(_Guarded, AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey and what its owner calls it."""

    name = forms.CharField(label=_("Name"), required=False, max_length=LONGEST_NAME)


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)


def has_passkey(user: User) -> bool:
    """Whether there is anything a browser could be asked for."""
    rows = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    return bool(rows.exists())


def asked_of(user: User) -> str:
    """The question for one of the person's passkeys; empty when there is none."""
    return json.dumps(auth.begin_authentication(user)) if has_passkey(user) else ""


def asked_for_new(user: User) -> str:
    """The question for a new passkey: found without an address where the device can keep it."""
    options = auth.begin_registration(user, passwordless=True)
    options["publicKey"]["authenticatorSelection"] |= {
        "residentKey": "preferred",
        "requireResidentKey": False,
    }
    return json.dumps(options)
