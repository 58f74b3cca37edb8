"""JSON logs without personal data, and the request id that ties their lines together."""

import re
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

_INSTALLATION = re.compile(r".*/site-packages/")
_PLAIN = {"celery.app.trace": "job.failed", "django.request": "request.failed"}


class RequestIdMiddleware:
    """Names each request, answers with the name, and writes one line when it ends.

    The line holds the route, never the path: paths carry signed links and search words.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.log = structlog.get_logger("gatehouse.request")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        self._write(request, response, started)
        return response

    def _write(self, request: HttpRequest, response: HttpResponse, started: float) -> None:
        match = request.resolver_match
        organization = getattr(request, "organization", None)
        self.log.info(
            "request.finished",
            method=request.method,
            route=match.route if match else "",
            status=response.status_code,
            milliseconds=round((time.perf_counter() - started) * 1000),
            organization=str(organization.pk) if organization else "",
        )


def without_exception_text(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep an exception's type and frames, drop its words: databases quote values there."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = type(error).__qualname__
        event["frames"] = [
            f"{_INSTALLATION.sub('', frame.filename)}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
    event.pop("stack_info", None)
    return event


def without_foreign_words(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Celery's and Django's lines on a failure quote arguments and paths: name the kind instead."""
    plain = _PLAIN.get(str(event.get("logger")))
    if plain:
        data = getattr(event.get("_record"), "data", {})
        event["event"] = plain
        event["job"] = data.get("name", "") if isinstance(data, dict) else ""
    return event


_LOGGERS: Mapping[str, Mapping[str, str]] = {
    # Django's own lines quote the path of each 4xx; request.finished names the route.
    "django.request": {"level": "ERROR"},
    "django.security": {"level": "ERROR"},
    "django.server": {"level": "ERROR"},
    # A line for each of some dozen sweeps a minute tells nothing; failures still speak.
    "celery.app.trace": {"level": "ERROR"},
    "celery.beat": {"level": "WARNING"},
    "celery.worker.strategy": {"level": "WARNING"},
}


def configure(*, level: str, show_exception_text: bool) -> Mapping[str, Any]:
    """Set structlog up and return Django's LOGGING, so that both write the same lines."""
    private = [without_foreign_words, without_exception_text]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([structlog.processors.format_exc_info] if show_exception_text else private),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
                "foreign_pre_chain": shared,
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": _LOGGERS,
    }
