"""The page a refused sign-in ends on: the reason, a reference, and whom to ask."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse

from portal.sso.models import Connection
from portal.sso.parking import forget
from portal.sso.recording import notes_of, record_refused
from portal.sso.refusals import Reason, SignInRefused
from portal.ui.pages import page


def refuse_sign_in(
    request: HttpRequest, connection: Connection, refusal: SignInRefused, *, at: datetime
) -> HttpResponse:
    """Record the attempt and answer 400, 403 or 429; no session and no account comes of it."""
    if refusal.reason is Reason.TOO_MANY:
        reference = ""
    else:
        reference = record_refused(request, connection, refusal, at=at)
    response = page(
        request,
        "sso/refused.html",
        {
            "reason": refusal.message,
            "reference": reference,
            "organization": connection.organization,
            "connection": connection,
            "is_test": notes_of(request).is_test,
        },
        status=refusal.http_status,
    )
    return forget(response)
