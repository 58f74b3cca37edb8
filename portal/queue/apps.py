"""Django app of background work: publishing, sweeps, heartbeats, and the runner."""

from django.apps import AppConfig


class QueueConfig(AppConfig):
    name = "portal.queue"
    label = "queue"

    def ready(self) -> None:
        from portal.queue import (  # noqa: PLC0415  (models are not loaded before ready)
            metrics,
            sweeps,  # noqa: F401  (registers itself)
        )

        metrics.install()
