"""Django app of organizations and who may do what in them."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants import row_security  # noqa: PLC0415  (models are not loaded before ready)

        connection_created.connect(row_security.watch, dispatch_uid="scope")
