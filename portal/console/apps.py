"""Django app of the vendor's console."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "portal.console"
    label = "console"

    def ready(self) -> None:
        # Imported here: models are not loaded before.
        from portal.console import (  # noqa: PLC0415
            api,  # noqa: F401  (registers itself)
            registrations,
            step_api,  # noqa: F401  (as above)
        )

        registrations.register()
