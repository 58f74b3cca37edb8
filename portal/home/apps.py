"""The first page of a workspace: how it stands, what waits, and search."""

from importlib import import_module

from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "portal.home"
    label = "home"

    def ready(self) -> None:
        import_module("portal.home.registrations")
