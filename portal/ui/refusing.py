"""Turns a refusal into what a browser gets: a banner on the way back, or a page that helps."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.refusals import Invalid, NotFound, Refusal, StepUpNeeded
from portal.ui.pages import page, wants_fragment
from tenants.access import ActorKind

HEADINGS = {
    400: gettext_lazy("That address is not complete"),
    403: gettext_lazy("Your role does not include this"),
    404: gettext_lazy("There is nothing here"),
    409: gettext_lazy("That is not possible right now"),
    422: gettext_lazy("Some of this does not hold"),
    429: gettext_lazy("Too many attempts"),
}

# Seconds, in the header of an answer that will be another in a moment.
RETRY_SOON = "2"
# In the address of the step-up: a button was pressed, and what it does has not been done.
AGAIN = "again"


def refused(request: HttpRequest, refusal: Refusal, *, back: str | None = None) -> HttpResponse:
    """The answer to a refusal; a posted form goes `back` with a banner when that is known."""
    if isinstance(refusal, StepUpNeeded):
        return _to_step_up(request)
    if back is None or isinstance(refusal, NotFound):
        return refusal_page(request, refusal.status, refusal.message)
    messages.error(request, _whole_message(refusal))
    return leave_for(request, back)


def refusal_page(
    request: HttpRequest, status: int, message: str, *, title: str = ""
) -> HttpResponse:
    """A designed page with this status, inside the workspace when there is one."""
    template, back_url = "errors/refused.html", "/"
    actor, organization = getattr(request, "actor", None), getattr(request, "organization", None)
    if actor and organization and actor.kind is not ActorKind.SETUP_LINK:
        area = "console" if organization.is_vendor else "workspace"
        template = f"errors/refused_{area}.html"
        args = [] if organization.is_vendor else [organization.slug]
        back_url = reverse("console-home" if organization.is_vendor else "home-show", args=args)
    context = {
        "status": status,
        "message": message,
        "title": title or HEADINGS.get(status, HEADINGS[409]),
        "back_url": back_url,
        "back_label": _("Back to the overview") if back_url != "/" else _("To the start page"),
    }
    return page(request, template, context, status=status)


def leave_for(request: HttpRequest, url: str) -> HttpResponse:
    """Go to another page; htmx is told to move the whole window."""
    if wants_fragment(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def _whole_message(refusal: Refusal) -> str:
    if not isinstance(refusal, Invalid):
        return refusal.message
    return " ".join([refusal.message, *(said for all_ in refusal.errors.values() for said in all_)])


def _to_step_up(request: HttpRequest) -> HttpResponse:
    organization = getattr(request, "organization", None)
    asked = {"next": request.get_full_path()}
    if request.method != "GET":
        asked = {"next": _page_of(request), AGAIN: "1"}
    messages.info(request, _("Confirm that it is you, then go on where you were."))
    args = [] if organization is None or organization.is_vendor else [organization.slug]
    where = reverse("step-up", args=args)
    return leave_for(request, f"{where}?{urlencode(asked)}")


def ask_to_press_again(request: HttpRequest) -> None:
    """After a step-up that a button had asked for."""
    messages.info(request, _("It is you. Nothing was done yet: press the button again."))


def _page_of(request: HttpRequest) -> str:
    """The page a form was posted from, taken by path only: the host is ours or it is dropped."""
    referer = request.headers.get("Referer", "")
    start = f"{request.scheme}://{request.get_host()}/"
    return f"/{referer.removeprefix(start)}" if referer.startswith(start) else "/"
