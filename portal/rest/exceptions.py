"""The one place where the API turns what was raised into an answer."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404, HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from rest_framework import exceptions as rest
from rest_framework.response import Response

from audit.refusals import Invalid, Refusal
from portal.rest.problems import MEDIA_TYPE, Problem, body_errors, parameter_errors
from portal.rest.throttling import LimitReached
from portal.ui.refusing import RETRY_SOON

log = logging.getLogger(__name__)


class InvalidParameters(Refusal):
    """Query parameters that do not hold."""

    status = 422
    code = "invalid"

    def __init__(self, errors: Mapping[str, Any]) -> None:
        super().__init__(_("Some parameters do not hold."))
        self.errors = errors


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response:
    """The problem that `error` is for the caller; what nobody anticipated is logged and a 500."""
    request: HttpRequest = context["request"]._request  # noqa: SLF001 - Django's own request
    problem = _problem(error)
    if problem is None:
        log.error("api call failed", exc_info=error)
        got_request_exception.send(sender=None, request=request)
        problem = Problem(500, _("Nothing was changed. Try again; we have been told."))
    response = Response(problem.body(request), status=problem.status, content_type=MEDIA_TYPE)
    for name, value in _headers(error).items():
        response[name] = value
    return response


def _problem(error: Exception) -> Problem | None:
    for kind, translate in TRANSLATIONS:
        if isinstance(error, kind):
            return translate(error)
    return None


def _refusal(error: Any) -> Problem:
    return Problem(error.status, error.message, error.code)


def _invalid(error: Any) -> Problem:
    return Problem(422, error.message, error.code, body_errors(error.errors))


def _parameters(error: Any) -> Problem:
    return Problem(422, error.message, error.code, parameter_errors(error.errors))


def _validation(error: Any) -> Problem:
    return Problem(422, _("Some fields do not hold."), "invalid", body_errors(error.detail))


def _of_rest(error: Any) -> Problem:
    return Problem(error.status_code, str(error.detail), _own_code(error))


def _own_code(error: rest.APIException) -> str:
    codes = error.get_codes()
    known = {"body-too-large", "invalid-token"}
    return codes if isinstance(codes, str) and codes in known else ""


def _not_found(_error: Any) -> Problem:
    return Problem(404, _("No such object, or none that this token may see."))


def _forbidden(_error: Any) -> Problem:
    return Problem(403, _("The token's holder or scopes do not include this."))


def _too_big(_error: Any) -> Problem:
    return Problem(413, _("The body is larger than what is read here."))


def _unreadable(_error: Any) -> Problem:
    return Problem(400, _("The body cannot be read."))


def _busy(_error: Any) -> Problem:
    return Problem(503, _("The database is busy. Nothing was changed; try again in a moment."))


# From the special to the general: the first that fits answers.
TRANSLATIONS: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (InvalidParameters, _parameters),
    (Invalid, _invalid),
    (Refusal, _refusal),
    (rest.ValidationError, _validation),
    (rest.APIException, _of_rest),
    (Http404, _not_found),
    (PermissionDenied, _forbidden),
    (RequestDataTooBig, _too_big),
    (MultiPartParserError, _unreadable),
    (SuspiciousOperation, _unreadable),
    (OperationalError, _busy),
)


def _headers(error: Exception) -> dict[str, str]:
    if isinstance(error, LimitReached):
        return {**error.budget.headers(), "Retry-After": str(error.budget.resets_in)}
    if isinstance(error, OperationalError):
        return {"Retry-After": RETRY_SOON}
    challenge = getattr(error, "auth_header", None)
    return {"WWW-Authenticate": challenge} if challenge else {}
