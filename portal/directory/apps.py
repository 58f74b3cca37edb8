"""Django app of the directory: people and groups that an identity provider pushes by SCIM."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "portal.directory"
    label = "directory"

    def ready(self) -> None:
        from portal.directory import registrations  # noqa: F401, PLC0415
