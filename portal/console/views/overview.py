"""The console's first page, the queue of envelopes, and the customers."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.console.envelopes import envelope_page, late_count
from portal.console.forms import OrganizationForm
from portal.console.overview import customers
from portal.grants.across import case_page, count_open_cases, grants_to_check, open_grants_of
from portal.grants.rules import CaseStatus
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.actions.organizations import create_organization
from tenants.permissions import Permission

SHOWN = 8


@needs(Permission.CONSOLE_VIEW)
def console_home(request: PortalRequest) -> HttpResponse:
    actor, at = request.actor, request.at
    queue = envelope_page(size=SHOWN)
    context = {
        "grants": open_grants_of(actor, at),
        "to_check": grants_to_check(actor, at),
        "cases": case_page(actor, status=CaseStatus.OPEN, size=SHOWN).rows,
        "open_cases": count_open_cases(),
        "envelopes": queue.rows,
        "late": late_count(at),
    }
    return page(request, "console/home.html", context)


@needs(Permission.CONSOLE_VIEW)
def envelope_list(request: PortalRequest) -> HttpResponse:
    found = envelope_page(cursor=request.GET.get("cursor", ""))
    return page(request, "console/envelope_list.html", {"page": found})


@needs(Permission.ORGANIZATION_OVERSEE)
def organization_list(request: PortalRequest) -> HttpResponse:
    return page(request, "console/organization_list.html", {"rows": customers(request.at)})


@needs(create_organization.permission, methods=("GET", "POST"))
def organization_create(request: PortalRequest) -> HttpResponse:
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _created(request, form):
        return redirect("organization-list")
    status = 422 if form.is_bound else 200
    return page(request, "console/organization_create.html", {"form": form}, status=status)


def _created(request: PortalRequest, form: OrganizationForm) -> bool:
    try:
        made = create_organization(actor=request.actor, at=request.at, **form.cleaned_data)
    except Invalid as refusal:
        form.take(refusal.errors)
        return False
    messages.success(
        request,
        _("%(name)s is made. Its first owner gets a set-up link at %(email)s.")
        % {"name": made.name, "email": form.cleaned_data["founder_email"]},
    )
    return True
