"""The REST interface as a Django app."""

from importlib import import_module

from django.apps import AppConfig


class RestConfig(AppConfig):
    name = "portal.rest"
    label = "rest"

    def ready(self) -> None:
        for module in ("api", "schema", "sweeps"):
            import_module(f"portal.rest.{module}")
