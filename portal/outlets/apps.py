"""Django app of the readers of the log: today, the mailer."""

from django.apps import AppConfig


class OutletsConfig(AppConfig):
    name = "portal.outlets"
    label = "outlets"

    def ready(self) -> None:
        from portal.outlets import tasks  # noqa: F401, PLC0415  (registers the job and its sweep)
