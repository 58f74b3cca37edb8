"""E-mail domains of a workspace: named, then proven by DNS."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.actions import claim_domain, verify_domain
from portal.sso.dns import text_records
from portal.sso.forms import DomainForm
from portal.sso.models import Domain
from portal.ui.needs import needs
from portal.ui.requests import PortalRequest, workspace_url


def _back(request: PortalRequest) -> str:
    return workspace_url(request, "connection-list")


@needs(claim_domain.permission, step_up=True, methods=("POST",), refusal_to=_back)
def domain_claim(request: PortalRequest, slug: str) -> HttpResponse:
    form = DomainForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Enter a domain such as example.com."))
    claim_domain(actor=request.actor, at=request.at, name=form.cleaned_data["name"])
    return redirect("connection-list", slug)


@needs(verify_domain.permission, step_up=True, methods=("POST",), refusal_to=_back)
def domain_verify(request: PortalRequest, slug: str, domain_id: UUID) -> HttpResponse:
    domain: Domain = get_object_or_404(Domain.objects.all(), pk=domain_id)
    verify_domain(domain, actor=request.actor, at=request.at, records=text_records(domain.name))
    messages.success(request, _("The domain is yours."))
    return redirect("connection-list", slug)
