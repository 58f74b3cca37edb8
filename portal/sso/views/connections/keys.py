"""Certificates and keys of a connection: theirs, ours, and how each is replaced."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.actions import (
    add_second_certificate,
    prepare_key,
    promote_key,
    remove_certificate,
    retire_key,
)
from portal.sso.connection_forms import CertificateForm
from portal.sso.framing import frame_of, framed, go
from portal.sso.models import Connection, ConnectionKey
from portal.sso.models.keys import KeyState
from portal.sso.views.connections.reaching import connection_of
from portal.sso.views.connections.showing import common
from portal.ui.needs import needs
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission

TONES = {KeyState.CURRENT: "ok", KeyState.NEXT: "info", KeyState.FORMER: "warn"}
# Retired keys are kept as rows; only the latest few tell anybody anything.
SHOWN = 6


def _back(request: PortalRequest) -> str:
    match = request.resolver_match
    return frame_of(request).url("certificate-list", match.kwargs["connection_id"] if match else "")


def _page(
    request: PortalRequest, connection: Connection, form: CertificateForm, *, status: int = 200
) -> HttpResponse:
    keys = ConnectionKey.objects.filter(connection=connection).order_by("-id")[:SHOWN]
    shown = [
        {
            "row": key,
            "certificate": key.describe(),
            "label": key.state.label,
            "tone": TONES.get(key.state, "neutral"),
            "may_promote": key.state is KeyState.NEXT,
            "may_retire": key.state in (KeyState.NEXT, KeyState.FORMER),
        }
        for key in keys
    ]
    context = {
        **common(request, connection),
        "form": form,
        "keys": shown,
        "may_prepare": not any(key["may_promote"] for key in shown),
    }
    return framed(request, "sso/connection_certificates.html", context, status=status)


@needs(Permission.SSO_VIEW)
def certificate_list(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """The identity provider's certificates and our keys, each with its replacement."""
    return _page(request, connection_of(request, connection_id), CertificateForm())


@needs(add_second_certificate.permission, step_up=True, methods=("POST",), refusal_to=_back)
def certificate_add(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    form = CertificateForm(request.POST)
    if form.is_valid():
        try:
            add_second_certificate(connection, actor=request.actor, **form.cleaned_data)
        except Invalid as refusal:
            form.add_error("certificate", refusal.message)
        else:
            messages.success(request, _("Both certificates are trusted from now on."))
            return go(request, "certificate-list", connection_id)
    return _page(request, connection, form, status=422)


@needs(remove_certificate.permission, step_up=True, methods=("POST",), refusal_to=_back)
def certificate_remove(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    fingerprint = request.POST.get("fingerprint", "")
    remove_certificate(connection, actor=request.actor, fingerprint=fingerprint)
    messages.success(request, _("This certificate is not trusted any more."))
    return go(request, "certificate-list", connection_id)


@needs(prepare_key.permission, step_up=True, methods=("POST",), refusal_to=_back)
def key_prepare(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    connection = connection_of(request, connection_id)
    key = prepare_key(connection, actor=request.actor, at=request.at)
    if key.state is KeyState.CURRENT:
        messages.success(request, _("We have a key pair now. Our metadata names it."))
    else:
        messages.success(request, _("Prepared. Let your identity provider read our metadata now."))
    return go(request, "certificate-list", connection_id)


@needs(promote_key.permission, step_up=True, methods=("POST",), refusal_to=_back)
def key_promote(request: PortalRequest, connection_id: UUID, key_id: UUID) -> HttpResponse:
    key = _key_of(request, connection_id, key_id)
    promote_key(key, actor=request.actor, at=request.at)
    messages.success(request, _("We sign with the new key. Remove the old one in a day or two."))
    return go(request, "certificate-list", connection_id)


@needs(retire_key.permission, step_up=True, methods=("POST",), refusal_to=_back)
def key_retire(request: PortalRequest, connection_id: UUID, key_id: UUID) -> HttpResponse:
    key = _key_of(request, connection_id, key_id)
    retire_key(key, actor=request.actor, at=request.at)
    messages.success(request, _("Removed. Its secret is destroyed."))
    return go(request, "certificate-list", connection_id)


def _key_of(request: PortalRequest, connection_id: UUID, key_id: UUID) -> ConnectionKey:
    connection = connection_of(request, connection_id)
    if not connection.is_saml:
        raise Http404
    found: ConnectionKey = get_object_or_404(
        ConnectionKey.objects.filter(connection=connection), pk=key_id
    )
    return found
