"""Django app of organizations and who may do what in them."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants import scoping  # noqa: PLC0415  (models are not loaded before ready)

        connection_created.connect(scoping.announce_on_new_connection, dispatch_uid="scope")
