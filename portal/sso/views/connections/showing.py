"""The page of one connection, and what can be done to it there."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.actions import (
    activate_connection,
    change_options,
    delete_connection,
    disable_connection,
    rename_connection,
)
from portal.sso.configuration import is_tested
from portal.sso.connection_forms import NameForm, OptionsForm
from portal.sso.framing import framed, go
from portal.sso.handing_over import handed_over
from portal.sso.models import Connection, Domain
from portal.sso.oidc.applications import callback_url_of
from portal.sso.oidc.directories import consent_url
from portal.sso.progress import is_described, steps_of
from portal.sso.usage import usage_of
from portal.sso.views.connections.reaching import connection_of, to_connection
from portal.ui.needs import needs
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.SSO_VIEW)
def connection_show(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Both sides of the connection, how far it is, and who uses it."""
    connection = connection_of(request, connection_id)
    return framed(
        request,
        "sso/connection_show.html",
        {
            **common(request, connection),
            "ours": handed_over(connection) if connection.is_saml else None,
            "callback_url": "" if connection.is_saml else callback_url_of(connection.pk),
            "consent_url": consent_url(connection),
            "has_own_application": bool(connection.client_id),
            "name_form": NameForm(initial={"name": connection.name}),
            "options_form": _options_of(connection),
        },
    )


def common(request: PortalRequest, connection: Connection) -> dict[str, object]:
    """What every tab of a connection shows beside its own content."""
    domains = list(Domain.objects.verified().values_list("name", flat=True).order_by("name"))
    return {
        "connection": connection,
        "is_described": is_described(connection),
        "is_tested": is_tested(connection),
        "steps": steps_of(connection, domains=domains),
        "usage": usage_of([connection])[connection.provider_id],
        "certificates": connection.certificates(),
    }


def _options_of(connection: Connection) -> OptionsForm:
    form = OptionsForm(
        initial={
            "signs_requests": connection.signs_requests,
            "accepts_unsolicited": connection.accepts_unsolicited,
        }
    )
    form.fields["signs_requests"].disabled = connection.is_in_use
    return form


@needs(rename_connection.permission, step_up=True, methods=("POST",), refusal_to=to_connection)
def connection_rename(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    form = NameForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Give the SSO connection a name of at most 80 characters."))
    rename_connection(connection, actor=request.actor, name=form.cleaned_data["name"])
    messages.success(request, _("Renamed."))
    return go(request, "connection-show", connection_id)


@needs(change_options.permission, step_up=True, methods=("POST",), refusal_to=to_connection)
def connection_options(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    if not connection.is_saml:
        raise Http404
    form = OptionsForm(request.POST)
    form.is_valid()  # two switches: every post is valid
    signs = form.cleaned_data["signs_requests"]
    change_options(
        connection,
        actor=request.actor,
        signs_requests=connection.signs_requests if connection.is_in_use else signs,
        accepts_unsolicited=form.cleaned_data["accepts_unsolicited"],
    )
    messages.success(request, _("Saved."))
    return go(request, "connection-show", connection_id)


@needs(activate_connection.permission, step_up=True, methods=("POST",), refusal_to=to_connection)
def connection_activate(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    activate_connection(connection, actor=request.actor, at=request.at)
    messages.success(request, _("The SSO connection signs people in from now on."))
    return go(request, "connection-show", connection_id)


@needs(disable_connection.permission, step_up=True, methods=("POST",), refusal_to=to_connection)
def connection_disable(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    disable_connection(connection, actor=request.actor, at=request.at)
    messages.success(request, _("The SSO connection signs nobody in any more."))
    return go(request, "connection-show", connection_id)


@needs(delete_connection.permission, step_up=True, methods=("POST",), refusal_to=to_connection)
def connection_delete(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    delete_connection(connection, actor=request.actor)
    messages.success(request, _("Deleted. Nobody had signed in through it."))
    return go(request, "connection-list")
