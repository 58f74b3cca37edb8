"""Requests with a clock: rows, transitions, deadlines and their screens."""

from importlib import import_module

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "portal.tickets"
    label = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("portal.tickets.registrations")
