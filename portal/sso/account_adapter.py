"""Password mail where the policy of an organization has closed the password."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.urls import reverse

from accounts.adapters import AccountAdapter
from portal.sso.emergency import holds_door
from portal.sso.enforced import takes_no_password
from tenants.clock import now


class PolicyAccountAdapter(AccountAdapter):
    """The page of a forgotten password answers alike to everybody; only the mail differs."""

    def send_password_reset_mail(
        self, user: AbstractBaseUser, email: str, context: dict[str, Any]
    ) -> None:
        """A break-glass owner needs a password, so they may set one whatever the policy says."""
        if holds_door(user.pk):
            DefaultAccountAdapter.send_password_reset_mail(self, user, email, context)
            return
        closed = takes_no_password(user.pk, at=now())
        if closed and user.has_usable_password():
            names = ", ".join(organization.name for organization in closed)
            where = settings.BASE_URL + reverse("sign-in")
            self.send_mail(
                "account/email/single_sign_on", email, {"names": names, "sign_in_url": where}
            )
            return
        super().send_password_reset_mail(user, email, context)
