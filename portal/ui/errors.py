"""The pages behind Django's own answers: 400, 403, 404, 500, a failed CSRF check."""

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from portal.ui.refusing import refusal_page
from tenants.addresses import AddressRefused


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
    """Rendered without context processors or queries: they may be what failed."""
    context = {"request_id": getattr(request, "request_id", "")}
    return HttpResponseServerError(render_to_string("errors/500.html", context))
