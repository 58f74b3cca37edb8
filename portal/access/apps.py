"""Access as a Django app: effect previews, and who can see what."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "portal.access"
    label = "access"
