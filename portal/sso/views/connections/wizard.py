"""The wizard: what to connect to, then what the identity provider says of itself."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from audit.refusals import Invalid, Refusal
from portal.outbound.addresses import AddressRefused
from portal.outbound.client import FetchFailed
from portal.sso.actions import create_connection, describe_identity_provider, draft_by_setup_link
from portal.sso.connection_forms import KINDS, AddressForm, DocumentForm, FieldsForm, KindForm
from portal.sso.framing import framed, go
from portal.sso.handing_over import handed_over
from portal.sso.models import Connection, SetupLink
from portal.sso.saml.fetching import fetch_metadata
from portal.sso.saml.idp_metadata import IdentityProvider, MetadataWrong
from portal.sso.views.connections.openid import configure_openid
from portal.sso.views.connections.reaching import connection_of, to_connection, to_list
from portal.ui.needs import needs
from portal.ui.requests import PortalRequest

WAYS: dict[str, type[forms.Form]] = {
    "address": AddressForm,
    "document": DocumentForm,
    "fields": FieldsForm,
}


@needs(create_connection.permission, step_up=True, methods=("GET", "POST"), refusal_to=to_list)
def connection_new(request: PortalRequest) -> HttpResponse:
    """A draft of a kind; it signs nobody in before it is tested and activated."""
    form = KindForm(request.POST or None, initial={"kind": Connection.Kind.SAML})
    if request.method == "POST" and form.is_valid():
        try:
            made = _drafted(request, form)
        except Invalid as refusal:
            form.add_error("name", refusal.message)
        else:
            return go(request, "connection-configure", made.pk)
    status = 422 if form.is_bound else 200
    return framed(request, "sso/connection_new.html", {"form": form, "kinds": KINDS}, status=status)


def _drafted(request: PortalRequest, form: KindForm) -> Connection:
    """Behind a set-up link it is the one connection that the link is for. Raises Invalid."""
    link: SetupLink | None = getattr(request, "setup_link", None)
    if link is not None:
        return draft_by_setup_link(link, actor=request.actor, at=request.at, **form.cleaned_data)
    return create_connection(actor=request.actor, at=request.at, **form.cleaned_data)


@needs(
    describe_identity_provider.permission,
    step_up=True,
    methods=("GET", "POST"),
    refusal_to=to_connection,
)
def connection_configure(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """What the identity provider says of itself, in one of three ways."""
    connection = connection_of(request, connection_id)
    if not connection.is_saml:
        return configure_openid(request, connection)
    asked = request.POST.get("way", request.GET.get("way", "address"))
    way = asked if asked in WAYS else "address"
    form = _form_of(request, way, connection)
    if request.method == "POST" and form.is_valid() and _described(request, connection, form):
        messages.success(request, _("Saved. Now try it with a test login."))
        return go(request, "connection-test", connection.pk)
    context = {
        "connection": connection,
        "form": form,
        "way": way,
        "ours": handed_over(connection),
    }
    status = 422 if form.is_bound else 200
    return framed(request, "sso/connection_configure.html", context, status=status)


def _form_of(request: PortalRequest, way: str, connection: Connection) -> forms.Form:
    initial = {
        "metadata_url": connection.metadata_url,
        "entity_id": connection.idp_entity_id,
        "sso_url": connection.idp_sso_url,
        "binding": connection.idp_binding,
        "certificate": connection.certificate,
        "next_certificate": connection.next_certificate,
    }
    if request.method == "POST":
        return WAYS[way](request.POST, request.FILES)
    return WAYS[way](initial=initial)


def _described(request: PortalRequest, connection: Connection, form: forms.Form) -> bool:
    """Whether what was given describes a usable identity provider; else the form says why not."""
    try:
        provider, metadata_url = _provider(form)
        describe_identity_provider(
            connection, actor=request.actor, provider=provider, metadata_url=metadata_url
        )
    except (MetadataWrong, AddressRefused, FetchFailed) as wrong:
        form.add_error("metadata_url", str(wrong))
        return False
    except Invalid as refusal:
        form.add_error(None, _whole(refusal))
        return False
    for note in provider.notes:
        messages.info(request, note)
    return True


def _provider(form: forms.Form) -> tuple[IdentityProvider, str]:
    """Raises MetadataWrong, AddressRefused, FetchFailed."""
    if isinstance(form, AddressForm):
        url: str = form.cleaned_data["metadata_url"].strip()
        return fetch_metadata(url), url
    if isinstance(form, FieldsForm):
        return form.provider(), ""
    provider: IdentityProvider = form.cleaned_data["provider"]
    return provider, ""


def _whole(refusal: Refusal) -> str:
    said = refusal.errors.values() if isinstance(refusal, Invalid) else ()
    return " ".join([refusal.message, *(text for texts in said for text in texts)])
