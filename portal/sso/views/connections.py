"""The SSO page of a workspace: connections, domains and the latest sign-in attempts."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.actions import (
    activate_connection,
    claim_domain,
    create_connection,
    describe_identity_provider,
    disable_connection,
    verify_domain,
)
from portal.sso.connecting import acs_url_of, entity_id_of
from portal.sso.dns import text_records
from portal.sso.forms import ConnectionForm, DomainForm
from portal.sso.models import Connection, Domain, SignInAttempt
from portal.sso.saml.idp_metadata import MetadataWrong, read_metadata
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission

ATTEMPTS_SHOWN = 10


def _back(request: PortalRequest) -> str:
    return workspace_url(request, "connection-list")


@needs(Permission.SSO_VIEW)
def connection_list(request: PortalRequest, slug: str) -> HttpResponse:
    connections = [
        {
            "row": connection,
            "entity_id": entity_id_of(connection.pk),
            "acs_url": acs_url_of(connection.pk),
            "certificates": connection.certificates(),
        }
        for connection in Connection.objects.order_by("created_at", "id")
    ]
    attempts = SignInAttempt.objects.select_related("connection").order_by("-id")
    return page(
        request,
        "sso/connections.html",
        {
            "connections": connections,
            "domains": list(Domain.objects.order_by("name")),
            "domain_form": DomainForm(),
            "attempts": list(attempts[:ATTEMPTS_SHOWN]),
        },
    )


@needs(create_connection.permission, step_up=True, methods=("GET", "POST"))
def connection_new(request: PortalRequest, slug: str) -> HttpResponse:
    """A draft from pasted metadata; it signs nobody in before it is activated."""
    form = ConnectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _create(request, form)
        except Invalid as refusal:
            form.add_error(None, refusal.message)
        except MetadataWrong as wrong:
            form.add_error("metadata", str(wrong))
        else:
            return redirect("connection-list", slug)
    return page(request, "sso/connection_new.html", {"form": form})


def _create(request: PortalRequest, form: ConnectionForm) -> None:
    provider = read_metadata(form.cleaned_data["metadata"])
    connection = create_connection(
        actor=request.actor, at=request.at, name=form.cleaned_data["name"]
    )
    describe_identity_provider(connection, actor=request.actor, provider=provider)


@needs(activate_connection.permission, step_up=True, methods=("POST",), refusal_to=_back)
def connection_activate(request: PortalRequest, slug: str, connection_id: UUID) -> HttpResponse:
    connection: Connection = get_object_or_404(Connection.objects.all(), pk=connection_id)
    activate_connection(connection, actor=request.actor, at=request.at)
    messages.success(request, _("The SSO connection signs people in from now on."))
    return redirect("connection-list", slug)


@needs(disable_connection.permission, step_up=True, methods=("POST",), refusal_to=_back)
def connection_disable(request: PortalRequest, slug: str, connection_id: UUID) -> HttpResponse:
    connection: Connection = get_object_or_404(Connection.objects.all(), pk=connection_id)
    disable_connection(connection, actor=request.actor, at=request.at)
    messages.success(request, _("The SSO connection signs nobody in any more."))
    return redirect("connection-list", slug)


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
