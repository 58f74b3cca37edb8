"""The development identity provider's page: choose an employee, and what to send for them."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from lxml import etree

from audit.refusals import Malformed
from portal.sso.connecting import Door, acs_url_of, entity_id_of, find_door
from portal.sso.development.employees import EMPLOYEES, Employee, employee, other_slug
from portal.sso.development.keys import signing_key
from portal.sso.development.requests import AuthnRequest, RequestWrong, read_request
from portal.sso.development.responses import Statement, build_response, encode, sign_assertion
from portal.sso.saml.names import SAML
from portal.ui.needs import open_to_all
from portal.ui.pages import page
from tenants.clock import now

REASON = "The demo's identity provider stands in for the customer's own."


def require_demo() -> None:
    """Raises ImproperlyConfigured anywhere but in the demo."""
    if not settings.DEMO:
        raise ImproperlyConfigured("The development identity provider runs in the demo only.")


def idp_url(connection_id: UUID) -> str:
    return settings.BASE_URL + reverse("development-idp", args=[connection_id])


@open_to_all(reason=REASON, methods=("GET", "POST"))
def sign_in_at_idp(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Show who can be signed in; on a choice, hand the browser the response to post."""
    require_demo()
    door = find_door(connection_id)
    if door is None or door.organization.slug not in EMPLOYEES:
        raise Http404
    encoded = request.POST.get("SAMLRequest", request.GET.get("SAMLRequest", ""))
    try:
        asked = read_request(encoded)
    except RequestWrong as wrong:
        raise Malformed(f"{wrong} Start from the sign-in page.") from wrong
    context = {
        "organization": door.organization,
        "employees": EMPLOYEES[door.organization.slug],
        "other": EMPLOYEES[other_slug(door.organization.slug)][0],
        "asked": asked,
        "encoded": encoded,
    }
    if request.method == "POST":
        context["acs_url"] = acs_url_of(connection_id)
        context["response"] = _answer(request, door, asked)
    return page(request, "sso/development/idp.html", context)


def _answer(request: HttpRequest, door: Door, asked: AuthnRequest) -> str:
    """`honest` unless the page was asked to show a refusal."""
    how = request.POST.get("how", "honest")
    slug = door.organization.slug
    chosen = employee(slug, request.POST.get("employee", "")) or EMPLOYEES[slug][0]
    if how == "other":
        slug = other_slug(slug)
        chosen = EMPLOYEES[slug][0]
    response = build_response(_statement(door, slug, chosen, asked=asked, at=now()))
    if how != "unsigned":
        sign_assertion(response, signing_key(slug))
    if how == "changed":
        _change(response)
    return encode(response)


def _statement(
    door: Door, slug: str, chosen: Employee, *, asked: AuthnRequest, at: datetime
) -> Statement:
    return Statement(
        issuer=issuer_of(slug),
        audience=entity_id_of(door.connection_id),
        acs_url=acs_url_of(door.connection_id),
        request_id=asked.id,
        subject=chosen.subject,
        email=chosen.email,
        name=chosen.name,
        at=at,
        authenticated_at=at,
    )


def issuer_of(slug: str) -> str:
    return f"https://idp.{slug}.test/metadata"


def _change(response: etree._Element) -> None:
    """What a meddler would try: another person's address in a signed assertion."""
    for value in response.iter(f"{{{SAML}}}AttributeValue"):
        if value.text and "@" in value.text:
            value.text = "ada@" + value.text.partition("@")[2]
