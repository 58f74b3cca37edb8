"""Django app of signing in: single sign-on, passwords with a second factor, step-up."""

from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "portal.sso"
    label = "sso"

    def ready(self) -> None:
        from portal.sso import policy_registrations, registrations  # noqa: F401, PLC0415
