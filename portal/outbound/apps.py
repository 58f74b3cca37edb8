"""Django app of the one HTTP client that leaves the house."""

from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "portal.outbound"
    label = "outbound"
