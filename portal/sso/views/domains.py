"""E-mail domains of a workspace: named, proven by DNS, watched, removed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.actions.domains import claim_domain, remove_domain, verify_domain
from portal.sso.attention import attention_for
from portal.sso.forms import DomainForm
from portal.sso.models import Domain
from portal.sso.proving import domain_line, domain_lines, prove_domain
from portal.sso.views.limits import require_limit
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission


def _back(request: PortalRequest) -> str:
    return workspace_url(request, "domain-list")


def _page(request: PortalRequest, form: DomainForm, *, status: int = 200) -> HttpResponse:
    context = {
        "domains": domain_lines(at=request.at),
        "form": form,
        "attention": attention_for(request.actor),
    }
    return page(request, "sso/domain_list.html", context, status=status)


@needs(Permission.SSO_VIEW)
def domain_list(request: PortalRequest) -> HttpResponse:
    return _page(request, DomainForm())


@needs(claim_domain.permission, step_up=True, methods=("POST",), refusal_to=_back)
def domain_claim(request: PortalRequest) -> HttpResponse:
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            claim_domain(actor=request.actor, at=request.at, name=form.cleaned_data["name"])
        except Invalid as refusal:
            form.add_error("name", refusal.message)
        else:
            return redirect(_back(request))
    return _page(request, form, status=422)


@needs(verify_domain.permission, step_up=True, methods=("POST",), refusal_to=_back)
def domain_verify(request: PortalRequest, domain_id: UUID) -> HttpResponse:
    """Each try asks the DNS, so tries are limited."""
    domain: Domain = get_object_or_404(Domain.objects.all(), pk=domain_id)
    require_limit(request, "domain")
    prove_domain(domain, actor=request.actor, at=request.at)
    messages.success(request, _("%(name)s is yours.") % {"name": domain.name})
    return redirect(_back(request))


@needs(remove_domain.permission, step_up=True, methods=("GET", "POST"), refusal_to="domain-remove")
def domain_remove(request: PortalRequest, domain_id: UUID) -> HttpResponse:
    """First who signs in with it, then the deed."""
    domain: Domain = get_object_or_404(Domain.objects.all(), pk=domain_id)
    if request.method == "POST":
        remove_domain(domain, actor=request.actor, at=request.at)
        messages.success(request, _("%(name)s is off the list.") % {"name": domain.name})
        return redirect(_back(request))
    return page(request, "sso/domain_remove.html", {"line": domain_line(domain, at=request.at)})
