"""Asks an OpenID provider: through the guarded client, small answers, JSON, in a few seconds."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.http import urlencode

from audit.refusals import Refusal
from portal.outbound.client import Answer, Client
from portal.sso.development.loopback import fetch_own
from portal.sso.oidc.addresses import is_our_own
from portal.sso.refusals import Reason, SignInRefused

LIMIT_BYTES = 256 * 1024
SECONDS = 6.0
_SUCCESS, _SERVER_ERROR = range(200, 300), 500
_client = Client()


def get_json(url: str, *, token: str = "") -> dict[str, Any]:
    """The object at an address. Raises SignInRefused."""
    answer = _send(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    if answer.status not in _SUCCESS:
        raise _wrong(url, f"HTTP {answer.status}", unreachable=answer.status >= _SERVER_ERROR)
    return _object(url, answer)


def post_form(
    url: str, form: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    """The status and the object that a form brought. Raises SignInRefused."""
    answer = _send(
        url,
        method="POST",
        headers={**headers, "Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
    )
    if answer.status >= _SERVER_ERROR:
        raise _wrong(url, f"HTTP {answer.status}", unreachable=True)
    return answer.status, _object(url, answer)


def _send(
    url: str,
    *,
    headers: Mapping[str, str],
    method: str = "GET",
    body: bytes | None = None,
) -> Answer:
    fetch = fetch_own if is_our_own(url) else _client.fetch
    try:
        return fetch(
            url,
            method=method,
            headers={"Accept": "application/json", **headers},
            body=body,
            limit_bytes=LIMIT_BYTES,
            timeout=SECONDS,
        )
    except Refusal as failed:
        raise _wrong(url, failed.message, unreachable=True) from failed


def _object(url: str, answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise _wrong(url, "not JSON") from error
    if not isinstance(found, dict):
        raise _wrong(url, "not a JSON object")
    return found


def _wrong(url: str, said: str, *, unreachable: bool = False) -> SignInRefused:
    parts = urlsplit(url)
    return SignInRefused(
        Reason.UNREACHABLE if unreachable else Reason.WRONG_ANSWER,
        expected=f"JSON from {parts.netloc}{parts.path}",
        received=said,
    )
