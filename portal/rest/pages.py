"""The two open pages of the API: its description for machines and its reference for people."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.rest.describing import description_text
from portal.rest.reference import groups, problem_kinds
from portal.rest.throttling import CALLS
from portal.ui.needs import open_to_all
from portal.ui.pages import page

WHY = "Describes the interface, which is the same for everyone; it shows nobody's data."


@open_to_all(reason=WHY)
def schema_show(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(description_text(), content_type="application/json")


@open_to_all(reason=WHY)
def reference_show(request: HttpRequest) -> HttpResponse:
    context = {
        "base_url": settings.BASE_URL,
        "groups": groups(),
        "problems": problem_kinds(),
        "limit": CALLS,
    }
    return page(request, "rest/reference.html", context)
