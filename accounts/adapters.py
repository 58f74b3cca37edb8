"""What allauth asks about accounts: no sign-up, links from our own address, sealed secrets."""

from typing import Any, Final

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audit.sealing import PLATFORM, seal, unseal

_PURPOSE: Final = "second-factor"
_CONTEXT: Final = "mfa.authenticator"


def prove_address(user: AbstractBaseUser) -> None:
    """Accounts come from a link in a mail or from a proven domain: the address counts as proven.

    Without the row allauth would take the address for an unconfirmed one, and may drop it.
    """
    if not EmailAddress.objects.filter(user_id=user.pk).exists():
        EmailAddress.objects.create(
            user_id=user.pk, email=user.get_username(), verified=True, primary=True
        )


def mail_first_password(request: HttpRequest, user: AbstractBaseUser) -> None:
    """Send the link to set a password to somebody who is signed in and has none.

    It opens in their inbox, so that a browser left open is not enough to make a lasting way in.
    """
    request.first_password_for = user.pk  # type: ignore[attr-defined]
    request_password_reset(request, user.get_username(), [user], None)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by invitations and by single sign-on, never by a form."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        # A proxy's word counts only where the server itself was told to take it.
        return str(request.META.get("REMOTE_ADDR", "")) or "unknown"

    def is_safe_url(self, url: str | None) -> bool:
        """Only paths of ours: no other host, whatever is configured."""
        return bool(url) and str(url).startswith("/") and not str(url).startswith(("//", "/\\"))

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "U", "key": "K"})
        return settings.BASE_URL + path.replace("U-K", key)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.BASE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def pre_login(
        self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any
    ) -> HttpResponse | None:
        prove_address(user)
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def send_password_reset_mail(
        self, user: AbstractBaseUser, email: str, context: dict[str, Any]
    ) -> None:
        """Who signs in by single sign-on alone has no password to reset, and asks for none here."""
        asked_for = getattr(self.request, "first_password_for", None)
        if user.has_usable_password() or asked_for == user.pk:
            super().send_password_reset_mail(user, email, context)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sent after the commit: a mail about a change that was undone must not go out."""
        message = self.render_mail(template_prefix, email, {"email": email, **context})
        transaction.on_commit(message.send, robust=True)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Mail about changes to an account is written by the reader of the log."""

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, Any]]:
        """One page asks for everything again."""
        if not user.is_authenticated:
            return []
        return [{"id": "reauthenticate", "url": reverse("account_reauthenticate")}]

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Arriving somewhere says enough about having signed in or out."""
        template = args[0] if args else kwargs.get("message_template", "")
        if template not in ("account/messages/logged_in.txt", "account/messages/logged_out.txt"):
            super().add_message(request, level, *args, **kwargs)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors are sealed at rest; they belong to a person, so to no organization."""

    def encrypt(self, text: str) -> str:
        return seal(
            text,
            organization_id=PLATFORM,
            purpose=_PURPOSE,
            subject="authenticator",
            context=_CONTEXT,
        )

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, organization_id=PLATFORM, context=_CONTEXT)

    def build_totp_svg(self, url: str) -> str:
        """A QR code without the inline style that the content security policy would drop."""
        code = qrcode.QRCode(border=2)
        code.add_data(url)
        rows = code.get_matrix()
        squares = "".join(
            f"M{x} {y}h1v1h-1z"
            for y, row in enumerate(rows)
            for x, is_dark in enumerate(row)
            if is_dark
        )
        size = len(rows)
        return (
            f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="QR code"'
            f' shape-rendering="crispEdges"><rect width="{size}" height="{size}" fill="#fff"/>'
            f'<path d="{squares}" fill="#000"/></svg>'
        )
