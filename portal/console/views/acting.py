"""What staff do under a grant that allows it: a test, a sync, another name or schedule."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.console.forms import ChangeForm
from portal.console.views.using import grant_of, read_page, reads
from portal.grants.acting import (
    Place,
    change_settings,
    read_settings,
    start_sync,
    try_source,
)
from portal.grants.staff import visiting
from portal.ui.needs import needs
from portal.ui.requests import PortalRequest
from tenants.access import Actor
from tenants.permissions import Permission

BACK = "staff-integration-list"


@needs(Permission.GRANT_REQUEST, methods=("POST",))
@reads
def staff_integration_sync(
    request: PortalRequest, slug: str, reference: str, *, integration_id: UUID
) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        start_sync(
            _place(request, visitor, reference, integration_id=integration_id), at=request.at
        )
    messages.success(request, _("The sync has started. The customer sees that you started it."))
    return redirect(BACK, slug, reference)


@needs(Permission.GRANT_REQUEST, methods=("POST",))
@reads
def staff_integration_test(
    request: PortalRequest, slug: str, reference: str, *, integration_id: UUID
) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        trial = try_source(
            _place(request, visitor, reference, integration_id=integration_id), at=request.at
        )
    tell = messages.success if trial.works else messages.error
    tell(request, trial.message)
    return redirect(BACK, slug, reference)


@needs(Permission.GRANT_REQUEST, methods=("GET", "POST"))
@reads
def staff_integration_settings(
    request: PortalRequest, slug: str, reference: str, *, integration_id: UUID
) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        place = _place(request, visitor, reference, integration_id=integration_id)
        form = ChangeForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and _changed(place, form, request):
            messages.success(request, _("Changed. The customer sees what it was, and what it is."))
            return redirect(BACK, slug, reference)
        opening, row = read_settings(place, at=request.at)
    if not form.is_bound:
        form = ChangeForm(initial=row.as_initial())
    if not row.is_scheduled:
        form.without_schedule()
    status = 422 if form.is_bound else 200
    return read_page(
        request, opening, "console/integration_settings.html", status=status, row=row, form=form
    )


def _changed(place: Place, form: ChangeForm, request: PortalRequest) -> bool:
    name, schedule = form.cleaned_data["name"], form.asked_schedule()
    try:
        change_settings(place, at=request.at, name=name, schedule=schedule)
    except Invalid as refusal:
        form.take(refusal)
        return False
    return True


def _place(
    request: PortalRequest, visitor: Actor, reference: str, *, integration_id: UUID
) -> Place:
    route = request.resolver_match.view_name if request.resolver_match else ""
    return Place(grant_of(visitor, reference).pk, integration_id, visitor, route)
