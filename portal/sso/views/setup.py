"""Behind a set-up link: the door that every page there has, its first page, and its end."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from audit.refusals import Invalid, NotFound
from portal.sso.actions import (
    SetupLinkOver,
    SetupLinkTaken,
    claim_domain,
    finish_setup,
    open_setup_link,
    verify_domain,
)
from portal.sso.forms import DomainForm
from portal.sso.framing import framed, go, setup_frame
from portal.sso.holding import actor_for_link, hold, is_good, is_holder, let_go, new_holder
from portal.sso.models import Connection, Domain, SetupLink
from portal.sso.progress import steps_of
from portal.sso.proving import prove_domain
from portal.sso.views.limits import require_limit
from portal.ui.needs import needs, open_to_all
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.access import stranger
from tenants.clock import now
from tenants.links import Link, Purpose, read_link
from tenants.middleware import facts_of
from tenants.models import Organization
from tenants.permissions import Permission
from tenants.scoping import organization_scope

REASON = "The signed link and the cookie of the browser that opened it stand in for an account."
Served = Callable[..., HttpResponse]


def _nothing() -> NotFound:
    return NotFound(_("This link is not valid. Ask for a new one."))


def _row(link: Link) -> SetupLink:
    """The link's row, inside its organization's scope. Raises NotFound."""
    found: SetupLink | None = (
        SetupLink.objects.select_related("created_by", "connection").filter(pk=link.row_id).first()
    )
    if found is None or _organization().status == Organization.Status.CLOSED:
        raise _nothing()
    return found


def _organization() -> Organization:
    return Organization.objects.current()


def behind_link(view: Any) -> Served:
    """Serve a page of the workspace to the holder of a set-up link; to others it is not there."""

    @wraps(view)
    def run(request: HttpRequest, signed: str, *args: Any, **kwargs: Any) -> HttpResponse:
        link = read_link(Purpose.SETUP, signed)
        with organization_scope(link.organization_id):
            row, at = _row(link), now()
            if row.version != link.version or not is_holder(request, row):
                raise _nothing()
            if not is_good(row, at=at):
                raise _nothing()
            _let_in(request, row, signed)
            served: HttpResponse = view(request, *args, **kwargs)
            return served

    # What the view declares of a workspace does not hold here; the door above does.
    del run.__dict__["permission"]
    return never_cache(open_to_all(reason=REASON, methods=view.methods)(run))


def _let_in(request: Any, row: SetupLink, signed: str) -> None:
    organization = _organization()
    request.actor = actor_for_link(row, organization, facts=facts_of(request))
    request.organization = organization
    request.at = now()
    request.frame = setup_frame(signed)
    request.setup_link = row


@open_to_all(
    reason="Whoever holds the link may see what it is for, and begin.", methods=("GET", "POST")
)
@never_cache
def setup_open(request: HttpRequest, signed: str) -> HttpResponse:
    """The first page: a button binds the link to this browser. Looking at it uses nothing up."""
    link = read_link(Purpose.SETUP, signed)
    with organization_scope(link.organization_id):
        row, at = _row(link), now()
        if row.version != link.version or not is_good(row, at=at):
            return _closed(request, "over")
        if is_holder(request, row):
            return redirect("setup-connection-list", signed)
        if row.opened_at is not None:
            return _closed(request, "taken")
        if request.method == "POST":
            return _begin(request, row, link=link, signed=signed)
        context = {"organization": _organization(), "link": row}
        return page(request, "sso/setup_open.html", context)


def _begin(request: HttpRequest, row: SetupLink, *, link: Link, signed: str) -> HttpResponse:
    require_limit(request, "setup")
    secret, digest = new_holder()
    facts, at = facts_of(request), now()
    try:
        row = open_setup_link(
            row,
            actor=stranger(_organization(), request_id=facts.request_id, address=facts.address),
            at=at,
            version=link.version,
            digest=digest,
            device=request.headers.get("User-Agent", ""),
        )
    except SetupLinkOver:
        return _closed(request, "over")
    except SetupLinkTaken:
        return _closed(request, "taken")
    response = redirect("setup-connection-list", signed)
    hold(response, row, secret, at=at)
    return response


def _closed(request: HttpRequest, why: str) -> HttpResponse:
    """Says nothing of whose link it was: it may have been passed on."""
    return page(request, "sso/setup_closed.html", {"why": why}, status=410)


def _held(request: PortalRequest) -> SetupLink:
    link: SetupLink = request.setup_link  # type: ignore[attr-defined]
    return link


@needs(Permission.SSO_VIEW)
def setup_home(request: PortalRequest) -> HttpResponse:
    """Everything there is to do, and how far it is."""
    domains = list(Domain.objects.order_by("name"))
    connection: Connection | None = Connection.objects.visible_to(request.actor).first()
    proven = [domain.name for domain in domains if domain.verified_at]
    context = {
        "connection": connection,
        "domains": domains,
        "domain_form": DomainForm(),
        "steps": steps_of(connection, domains=proven) if connection else [],
        "link": _held(request),
        "organization": request.organization,
    }
    return framed(request, "sso/setup_home.html", context)


def _home(request: PortalRequest) -> str:
    return str(request.frame.url("connection-list"))  # type: ignore[attr-defined]


@needs(claim_domain.permission, methods=("POST",), refusal_to=_home)
def setup_domain_claim(request: PortalRequest) -> HttpResponse:
    form = DomainForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Enter a domain such as example.com."))
    claim_domain(actor=request.actor, at=request.at, name=form.cleaned_data["name"])
    return go(request, "connection-list")


@needs(verify_domain.permission, methods=("POST",), refusal_to=_home)
def setup_domain_verify(request: PortalRequest, domain_id: UUID) -> HttpResponse:
    domain: Domain | None = Domain.objects.filter(pk=domain_id).first()
    if domain is None:
        raise _nothing()
    require_limit(request, "domain")
    prove_domain(domain, actor=request.actor, at=request.at)
    messages.success(request, _("The domain is proven."))
    return go(request, "connection-list")


@needs(finish_setup.permission, methods=("POST",), refusal_to=_home)
def setup_finish(request: PortalRequest) -> HttpResponse:
    """The holder gives the link back."""
    link = finish_setup(_held(request), actor=request.actor, at=request.at)
    response = page(request, "sso/setup_closed.html", {"why": "finished"})
    let_go(response, link)
    return response
