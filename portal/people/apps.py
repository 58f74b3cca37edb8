"""People as a Django app: members, teams, roles, tokens, invitations, one's own account."""

from importlib import import_module

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "portal.people"
    label = "people"

    def ready(self) -> None:
        for module in ("registrations", "api", "sweeps"):
            import_module(f"portal.people.{module}")
