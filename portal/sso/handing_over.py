"""Everything an identity provider's admin needs from us, value by value."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.sso.connecting import acs_url_of, entity_id_of
from portal.sso.models import Connection
from portal.sso.saml.names import FORMAT_PERSISTENT

# What an assertion should carry: name, whether it must, and what it is for.
CLAIMS = (
    ("email", True, _("Work address, in a domain that you have proven")),
    ("displayName", False, _("Full name, as shown to colleagues")),
    ("groups", False, _("Group names, for roles and teams")),
)


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side of a SAML connection."""

    entity_id: str
    acs_url: str
    metadata_url: str
    start_url: str
    scim_url: str
    name_id: str = FORMAT_PERSISTENT
    claims: tuple[tuple[str, bool, object], ...] = CLAIMS


def handed_over(connection: Connection) -> Ours:
    """The metadata's address is our entity ID too: whoever has one has the other."""
    return Ours(
        entity_id=entity_id_of(connection.pk),
        acs_url=acs_url_of(connection.pk),
        metadata_url=settings.BASE_URL + reverse("sso-metadata", args=[connection.pk]),
        start_url=start_url_of(connection),
        scim_url=f"{settings.BASE_URL}/scim/v2",
    )


def start_url_of(connection: Connection) -> str:
    return settings.BASE_URL + reverse("sso-start", args=[connection.pk])
