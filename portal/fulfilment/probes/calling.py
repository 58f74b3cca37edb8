"""Sends a request through the whole server in this process: the middleware, the real views."""

import io
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection
from django.urls import set_script_prefix
from django.utils.crypto import get_random_string

AGENT = "Gatehouse proof of no access"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str = ""
    # Those that the answer set: what a browser would send back.
    cookies: Mapping[str, str] = field(default_factory=dict)


class NoAnswer(Exception):
    """The server failed or put the request off: neither a proof nor an access."""


def call(
    path: str,
    *,
    cookies: Mapping[str, str] | None = None,
    environ: Mapping[str, object] | None = None,
    form: Mapping[str, str] | None = None,
) -> Answer:
    """GET `path`, or POST a form to it, as a browser would. Raises NoAnswer for 429 and 5xx."""
    sent, posted = (dict(cookies or {}), {}) if form is None else _posted(form, cookies or {})
    made = _environ(path, sent) | posted | dict(environ or {})
    serve = _serve_inside if connection.in_atomic_block else _serve
    # An empty context: the request must find its own way in, not this worker's scope.
    answer = Context().run(serve, made)
    if answer.status == TOO_MANY or answer.status >= SERVER_ERROR:
        raise NoAnswer(f"{answer.status}")
    return answer


TOO_MANY, SERVER_ERROR = 429, 500
CSRF_SECRET_LENGTH = 32


def _posted(
    form: Mapping[str, str], cookies: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, object]]:
    """A form of our own page: the same token in its field and in the cookie, from our address."""
    token = get_random_string(CSRF_SECRET_LENGTH)
    base = urlsplit(settings.BASE_URL)
    body = urlencode({**form, "csrfmiddlewaretoken": token}).encode()
    environ: dict[str, object] = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_ORIGIN": f"{base.scheme}://{base.netloc}",
        "wsgi.input": io.BytesIO(body),
    }
    return {**cookies, settings.CSRF_COOKIE_NAME: token}, environ


def _environ(path: str, cookies: Mapping[str, str]) -> dict[str, object]:
    base = urlsplit(settings.BASE_URL)
    environ: dict[str, object] = {
        "HTTP_HOST": base.netloc,
        "HTTP_ACCEPT": "text/html, application/json",
        "HTTP_USER_AGENT": AGENT,
        "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "PATH_INFO": path,
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": base.hostname or "localhost",
        "SERVER_PORT": str(base.port or (443 if base.scheme == "https" else 80)),
        "wsgi.url_scheme": base.scheme,
        "wsgi.input": io.BytesIO(),
    }
    if settings.SECURE_PROXY_SSL_HEADER:
        header, value = settings.SECURE_PROXY_SSL_HEADER
        environ[header] = value
    setup_testing_defaults(environ)
    return environ


def _serve(environ: dict[str, object]) -> Answer:
    seen: dict[str, object] = {}

    def start_response(
        status: str, headers: Iterable[tuple[str, str]], _error: object = None
    ) -> Callable[[bytes], object]:
        seen["status"] = int(status.split(" ", 1)[0])
        seen["location"] = dict(headers).get("Location", "")
        return lambda _data: None

    response = _handler()(environ, start_response)
    try:
        for _part in response:
            pass
    finally:
        close = getattr(response, "close", None)
        if close is not None:
            close()
    return Answer(int(str(seen["status"])), str(seen["location"]))


def _serve_inside(environ: dict[str, object]) -> Answer:
    """Within the caller's transaction: without the signals around a request, which end it."""
    set_script_prefix("/")
    response = _handler().get_response(WSGIRequest(environ))
    for close in getattr(response, "_resource_closers", ()):  # `close` itself would send the signal
        close()
    cookies = {name: morsel.value for name, morsel in response.cookies.items()}
    return Answer(response.status_code, response.headers.get("Location", ""), cookies)


_made: list[WSGIHandler] = []


def _handler() -> WSGIHandler:
    """The application's handler, with every middleware, made once in a process."""
    if not _made:
        _made.append(WSGIHandler())
    return _made[0]
