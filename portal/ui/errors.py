"""The pages behind Django's own answers: 400, 403, 404, 500, a failed CSRF check."""

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from portal.ui.refusing import RETRY_SOON, refusal_page
from tenants.addresses import AddressRefused

FAULT, UNAVAILABLE = 500, 503


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return refusal_page(request, 400, _("Go back, check what you entered, and try again."))


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    refusal = exception.__cause__
    if isinstance(refusal, AddressRefused):
        title = _("Not from this address")
        return refusal_page(request, 403, refusal.message, title=title)
    return refusal_page(
        request, 403, _("Ask an owner or admin of this workspace if you need it for your work.")
    )


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return refusal_page(
        request,
        404,
        _("The address may be mistyped, or it belongs to a workspace you are not signed in to."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    return refusal_page(
        request,
        403,
        _(
            "This form has been open for too long, or cookies are off. Reload the page and send it"
            " again; nothing was changed."
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors or queries: they may be what failed.

    A database that is away or busy is no fault of the code: 503, which tells to come back.
    """
    is_away = isinstance(sys.exc_info()[1], OperationalError)
    context = {
        "request_id": getattr(request, "request_id", ""),
        "status": UNAVAILABLE if is_away else FAULT,
        "title": _("The database does not answer") if is_away else _("Something broke on our side"),
    }
    response = HttpResponse(render_to_string("errors/500.html", context), status=context["status"])
    if is_away:
        response.headers["Retry-After"] = RETRY_SOON
    return response
