"""Systems outside that must hear of a revocation or deletion, and say that they acted on it."""

from importlib import import_module

from django.apps import AppConfig


class DownstreamConfig(AppConfig):
    name = "portal.downstream"
    label = "downstream"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("portal.downstream.registrations")
        import_module("portal.downstream.api")
