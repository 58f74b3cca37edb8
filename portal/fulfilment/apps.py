"""Carries requests out: revocation and deletion step by step, with proof at the end."""

from importlib import import_module

from django.apps import AppConfig


class FulfilmentConfig(AppConfig):
    name = "portal.fulfilment"
    label = "fulfilment"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("portal.fulfilment.registrations")
