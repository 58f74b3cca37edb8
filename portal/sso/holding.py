"""Who holds a set-up link: the cookie of one browser, and the actor that it makes."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.sso.models import SetupLink
from tenants.access import Actor, ActorKind, register_presence
from tenants.links import Purpose, signed_link
from tenants.models import Organization
from tenants.permissions import Permission
from tenants.resolving import RequestFacts, actor_for_member

# All that a link may do, and only where its own routes lead.
HELD = frozenset({Permission.SSO_VIEW, Permission.SSO_MANAGE})


def signed_of(link: SetupLink) -> str:
    """The part of the address that proves the link was ours; rebuilt, never stored."""
    return signed_link(
        Purpose.SETUP,
        organization_id=link.organization_id,
        row_id=link.pk,
        version=link.version,
    )


def new_holder() -> tuple[str, str]:
    """A secret for the browser, and the digest of it for the row."""
    secret = secrets.token_urlsafe(32)
    return secret, _digest(secret)


def hold(response: HttpResponse, link: SetupLink, secret: str, *, at: datetime) -> None:
    """Give the browser what makes it the holder."""
    response.set_cookie(
        _cookie(link.pk),
        secret,
        max_age=max(0, int((link.expires_at - at).total_seconds())),
        path="/",
        secure=settings.IS_SECURE,
        httponly=True,
        samesite="Lax",
    )


def let_go(response: HttpResponse, link: SetupLink) -> None:
    response.delete_cookie(_cookie(link.pk), path="/", samesite="Lax")


def is_holder(request: HttpRequest, link: SetupLink) -> bool:
    return link.is_held_by(_digest(request.COOKIES.get(_cookie(link.pk), "")))


def actor_for_link(link: SetupLink, organization: Organization, *, facts: RequestFacts) -> Actor:
    """The holder of an open link, inside its organization's scope."""
    return Actor(
        kind=ActorKind.SETUP_LINK,
        organization=organization,
        name=link.email or _("Holder of a set-up link"),
        id=link.pk,
        permissions=HELD,
        session_id=str(link.pk),
        request_id=facts.request_id,
        address=facts.address,
    )


def is_good(link: SetupLink, *, at: datetime) -> bool:
    """Open, and handed out by a member who may still set up single sign-on today."""
    giver = link.created_by
    if not link.is_open(at=at) or giver is None or not giver.is_active(at=at):
        return False
    return actor_for_member(giver).may(Permission.SSO_MANAGE)


def _is_present(actor: Actor, at: datetime) -> bool:
    """Read again at the moment of an action: a revoked link does nothing more."""
    link = SetupLink.objects.select_related("created_by").filter(pk__in=[actor.id]).first()
    return link is not None and link.opened_at is not None and is_good(link, at=at)


register_presence(ActorKind.SETUP_LINK, _is_present)


def _cookie(link_id: UUID) -> str:
    return f"{'__Host-' if settings.IS_SECURE else ''}gatehouse-setup-{link_id.hex}"


def _digest(secret: str) -> str:
    return hashlib.sha256(f"gatehouse.setup\0{secret}".encode()).hexdigest()
