"""The SCIM endpoint: one door for every call, which never fails without a SCIM answer."""

import json
import logging
from functools import partial
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from audit.refusals import Malformed, Refusal, StaleVersion
from portal.directory.actions import note_kept_owner
from portal.directory.logging import Call, keep_call
from portal.directory.scim.errors import ScimError, bad_syntax
from portal.directory.serving import Answer, serve
from portal.directory.tokens import authenticate_directory, directory_actor, mark_used
from portal.rest.authentication import BEARER, REALM, refuse_unsafe_transport
from portal.rest.parsing import MAX_BODY, read_json
from portal.rest.throttling import FAILURES, Limit, LimitReached, spend
from portal.ui.needs import open_to_all
from portal.ui.refusing import RETRY_SOON
from tenants.actions.guards import LastOwner
from tenants.clock import now
from tenants.middleware import facts_of
from tenants.scoping import organization_scope
from tenants.tokens import TokenRefused

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/scim+json"
TAKEN_TYPES = frozenset({MEDIA_TYPE, "application/json"})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Entra asks for 25 calls a second at least.
CALLS = Limit("directory-calls", "DIRECTORY_CALLS_PER_MINUTE", 3000)


@csrf_exempt
@open_to_all(reason="identity providers bring a directory token of their own", methods=METHODS)
def scim_serve(request: HttpRequest, path: str = "") -> HttpResponse:
    """Let the call in, have it served, keep it in the log of calls."""
    at = now()
    try:
        refuse_unsafe_transport(request)
        body = _body(request)
        token = authenticate_directory(
            _raw_token(request), at=at, address=facts_of(request).address
        )
    except TokenRefused as refusal:
        return _unauthorized(request, refusal)
    except Refusal as refusal:
        return _response(_refused(refusal))
    with organization_scope(token.organization_id):
        request.organization = token.organization  # type: ignore[attr-defined]
        call = Call(directory_actor(token, facts_of(request)), token, now(), request.method or "")
        call.path, call.query = path.strip("/"), request.GET.dict()
        call.read = partial(_parsed, request, body)
        call.match = request.headers.get("If-Match", "")
        call.none_match = request.headers.get("If-None-Match", "")
        answer = _served(call, request)
        keep_call(call, answer)
        mark_used(token, at=at)
    return _response(answer)


def _served(call: Call, request: HttpRequest) -> Answer:
    try:
        spend(CALLS, str(call.token.pk), at=call.at)
        return serve(call)
    except LastOwner as refusal:
        _alert(call)
        return _refused(refusal)
    except Refusal as refusal:
        return _refused(refusal)
    except DatabaseError as busy:
        log.warning("directory call met a busy database", exc_info=busy)
        return Answer.failure(503, "The database is busy. Nothing was changed; try again.")
    except Exception:
        log.exception("directory call failed")
        got_request_exception.send(sender=None, request=request)
        return Answer.failure(500, "Nothing was changed; we have been told.")


def _alert(call: Call) -> None:
    """In a transaction of its own: what tried to remove the owner is rolled back."""
    if call.user is not None:
        with transaction.atomic():
            note_kept_owner(call.user, actor=call.actor)


def _body(request: HttpRequest) -> bytes:
    """Read before the token is: what it lets in is decided by the rows of that later instant."""
    try:
        raw = request.read(MAX_BODY + 1)
    except (RequestDataTooBig, OSError) as broken:
        raise Malformed("The body cannot be read.") from broken
    if len(raw) > MAX_BODY:
        raise ScimError(413, "The body is larger than 1 MB. Send fewer members at once.")
    return raw


def _parsed(request: HttpRequest, raw: bytes) -> Any:
    media_type = (request.content_type or "").lower()
    if media_type not in TAKEN_TYPES:
        raise ScimError(415, f"Send {MEDIA_TYPE} or application/json.")
    try:
        return read_json(raw)
    except Refusal as wrong:
        raise bad_syntax(wrong.message) from wrong


def _raw_token(request: HttpRequest) -> str:
    header = request.META.get("HTTP_AUTHORIZATION", "")
    match = BEARER.match(header)
    if match is None:
        raise TokenRefused("Send a directory token: Authorization: Bearer <token>.")
    return match["token"]


def _unauthorized(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    facts = facts_of(request)
    try:
        if request.META.get("HTTP_AUTHORIZATION"):
            spend(FAILURES, facts.address, at=now())
    except LimitReached as reached:
        return _response(_refused(reached))
    response = _response(Answer.failure(401, refusal.message))
    is_wrong = bool(request.META.get("HTTP_AUTHORIZATION"))
    response["WWW-Authenticate"] = f'{REALM}, error="invalid_token"' if is_wrong else REALM
    return response


def _refused(refusal: Refusal) -> Answer:
    status, kind = refusal.status, ""
    if isinstance(refusal, ScimError):
        status, kind = refusal.http_status, refusal.kind
    elif isinstance(refusal, StaleVersion):
        status = 412
    headers = {}
    if isinstance(refusal, LimitReached):
        headers = {**refusal.budget.headers(), "Retry-After": str(refusal.budget.resets_in)}
    return Answer.failure(status, refusal.message, kind=kind, headers=headers)


def _response(answer: Answer) -> HttpResponse:
    content = b"" if answer.body is None else json.dumps(answer.body).encode()
    response = HttpResponse(content, status=answer.status, content_type=MEDIA_TYPE)
    for name, value in answer.headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = RETRY_SOON
    return response
