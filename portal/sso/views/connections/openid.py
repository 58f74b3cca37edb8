"""The wizard's second step for Google, Microsoft and other OpenID providers."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.actions import describe_openid
from portal.sso.framing import framed, go
from portal.sso.models import Connection
from portal.sso.oidc.applications import callback_url_of
from portal.sso.oidc.directories import consent_url, directory_of
from portal.sso.openid_forms import OpenIDForm, openid_form
from portal.ui.requests import PortalRequest


def configure_openid(request: PortalRequest, connection: Connection) -> HttpResponse:
    """A domain, a directory or an issuer; an application of one's own where one is wanted."""
    form = openid_form(connection, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _described(request, connection, form):
        messages.success(request, _("Saved. Now try it with a test login."))
        return go(request, "connection-test", connection.pk)
    context = {
        "connection": connection,
        "form": form,
        "callback_url": callback_url_of(connection.pk),
        "consent_url": consent_url(connection),
    }
    status = 422 if form.is_bound else 200
    return framed(request, "sso/connection_configure_openid.html", context, status=status)


def _described(request: PortalRequest, connection: Connection, form: OpenIDForm) -> bool:
    try:
        said = form.description()
        if connection.kind == Connection.Kind.MICROSOFT:
            said = replace(said, tenant_id=directory_of(said.tenant_id))
        describe_openid(connection, actor=request.actor, description=said)
    except Invalid as refusal:
        for name, texts in refusal.errors.items():
            form.add_error(name if name in form.fields else None, list(texts))
        return False
    return True
