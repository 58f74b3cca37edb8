"""Django app of the audit log's screens, exports and sealing."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "portal.evidence"
    label = "evidence"

    def ready(self) -> None:
        from portal.evidence import registrations  # noqa: PLC0415  (models are not loaded before)

        registrations.register()
