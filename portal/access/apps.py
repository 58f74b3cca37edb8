"""Access as a Django app: effect previews, and who can see what."""

from importlib import import_module

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "portal.access"
    label = "access"

    def ready(self) -> None:
        import_module("portal.access.api")
