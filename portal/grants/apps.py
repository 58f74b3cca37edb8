"""Django app of support cases and diagnostic access."""

from django.apps import AppConfig


class GrantsConfig(AppConfig):
    name = "portal.grants"
    label = "grants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here: models are not loaded before.
        from portal.grants import (  # noqa: PLC0415
            api,  # noqa: F401  (registers itself)
            bundle_api,  # noqa: F401
            closing,  # noqa: F401
            emergency_api,  # noqa: F401
            measure_api,  # noqa: F401
            metrics,
            registrations,
            statement_api,  # noqa: F401
            sweeps,  # noqa: F401
        )
        from portal.grants.support import api as support  # noqa: F401, PLC0415
        from portal.grants.support import bundle_api as support_bundles  # noqa: F401, PLC0415
        from portal.grants.support import emergency_api as support_emergency  # noqa: F401, PLC0415
        from portal.grants.support import export_api as support_exports  # noqa: F401, PLC0415
        from portal.grants.support import statement_api as support_statements  # noqa: F401, PLC0415

        registrations.register()
        metrics.install()
