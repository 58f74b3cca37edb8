"""Django app of the demo: organizations with people, data and history, on localhost only."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "portal.demo"
    label = "demo"
