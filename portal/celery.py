"""The Celery application: workers, beat and publishers share it."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
TRANSPORT_ALIASES["filesystem"] = "portal.queue.folder:Transport"

app = Celery("gatehouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_own_logs(**_signal: Any) -> None:
    from django.conf import settings  # noqa: PLC0415

    logging.config.dictConfig(dict(settings.LOGGING))
