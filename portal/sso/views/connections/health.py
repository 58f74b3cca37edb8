"""Whether a connection is in order: metadata, certificates, and whom a refused person may ask."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.actions.watching import accept_address, set_help_contact
from portal.sso.attempt_forms import HelpContactForm
from portal.sso.framing import framed
from portal.sso.models import CertificateNotice, Connection, ConnectionKey
from portal.sso.refreshing import request_refresh
from portal.sso.rolling import outlasting
from portal.sso.trouble import NOTICE_DAYS
from portal.sso.views.connections.reaching import connection_of
from portal.sso.views.limits import require_limit
from portal.ui.needs import needs
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission


def _back(request: PortalRequest) -> str:
    match = request.resolver_match
    connection_id = match.kwargs["connection_id"] if match else ""
    return workspace_url(request, "connection-health", connection_id)


@needs(Permission.SSO_VIEW)
def connection_health(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    form = HelpContactForm(initial={"help_contact": connection.help_contact})
    return _page(request, connection, form)


@needs(set_help_contact.permission, step_up=True, methods=("POST",), refusal_to=_back)
def contact_set(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    form = HelpContactForm(request.POST)
    if form.is_valid():
        try:
            set_help_contact(
                connection, actor=request.actor, text=form.cleaned_data["help_contact"]
            )
        except Invalid as refusal:
            form.add_error("help_contact", refusal.message)
        else:
            messages.success(request, _("Refused people read it from now on."))
            return redirect(_back(request))
    return _page(request, connection, form, status=422)


@needs(Permission.SSO_MANAGE, methods=("POST",), refusal_to=_back)
def metadata_refresh(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """A worker looks; the page shows what it found when it is opened again."""
    connection = connection_of(request, connection_id)
    require_limit(request, "metadata")
    if connection.metadata_url and connection.is_in_use:
        request_refresh(connection, at=request.at)
        messages.success(request, _("The metadata is being read. Open the page again shortly."))
    return redirect(_back(request))


@needs(accept_address.permission, step_up=True, methods=("POST",), refusal_to=_back)
def address_accept(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    accept_address(
        connection,
        actor=request.actor,
        at=request.at,
        sso_url=request.POST.get("sso_url", "")[:500],
    )
    messages.success(request, _("People are sent to the new address from now on."))
    return redirect(_back(request))


def _page(
    request: PortalRequest, connection: Connection, form: HelpContactForm, *, status: int = 200
) -> HttpResponse:
    keys = ConnectionKey.objects.filter(connection=connection).published()
    notices = CertificateNotice.objects.filter(connection=connection).order_by("-given_at", "level")
    context = {
        "connection": connection,
        "form": form,
        "theirs": outlasting(connection.certificates()),
        "ours": outlasting([key.describe() for key in keys]),
        "notice": notices.first(),
        "notice_days": NOTICE_DAYS,
    }
    return framed(request, "sso/connection_health.html", context, status=status)
