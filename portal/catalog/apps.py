"""The customer's catalogue: integrations, what was imported from them, and who sees it."""

from importlib import import_module

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "portal.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("portal.catalog.registrations")
