"""From a bearer token to the directory it belongs to."""

import hmac
from datetime import datetime

from portal.directory.models import DirectoryToken
from portal.directory.rules import TOKEN_LETTERS
from tenants.access import Actor, ActorKind
from tenants.addresses import allows
from tenants.holding import refuse_if_held
from tenants.models import Organization, Policy
from tenants.permissions import SYSTEM_PERMISSIONS
from tenants.resolving import SEEN_EVERY_SECONDS, RequestFacts
from tenants.scoping import organization_scope, system_scope
from tenants.tokens import TokenRefused, taken_apart

UNKNOWN = "This token is unknown, expired or revoked."


def authenticate_directory(text: str, *, at: datetime, address: str) -> DirectoryToken:
    """The token that `text` is, usable at `at` from `address`. Raises TokenRefused.

    Raises WorkspaceHeld while nobody may come in.
    """
    prefix, digest = taken_apart(text, {TOKEN_LETTERS})
    with system_scope("directory token"):
        found = (
            DirectoryToken.unscoped.filter(prefix=prefix)
            .values_list("pk", "organization_id")
            .first()
        )
    if found is None:
        raise TokenRefused(UNKNOWN)
    with organization_scope(found[1]):
        token: DirectoryToken | None = (
            DirectoryToken.objects.select_related("organization").filter(pk=found[0]).first()
        )
    if token is None or not hmac.compare_digest(token.digest, digest):
        raise TokenRefused(UNKNOWN)
    is_open = token.organization.status == Organization.Status.ACTIVE
    if not (is_open and token.is_usable(at=at)):
        raise TokenRefused(UNKNOWN)
    refuse_if_held(token.organization_id)
    with organization_scope(token.organization_id):
        if not allows(Policy.objects.get().address_rule, address):
            raise TokenRefused(
                "This workspace is opened only from addresses that its admins allow. Add those of "
                "the directory to the list."
            )
    return token


def directory_actor(token: DirectoryToken, facts: RequestFacts) -> Actor:
    """The directory at work: the system's rights, by a name of its own."""
    return Actor(
        kind=ActorKind.SYSTEM,
        organization=token.organization,
        name="Directory",
        permissions=SYSTEM_PERMISSIONS,
        session_id=token.prefix,
        request_id=facts.request_id,
        address=facts.address,
    )


def mark_used(token: DirectoryToken, *, at: datetime) -> None:
    """Written at most once a minute: a sync calls a hundred times a second."""
    last = token.last_used_at
    if last is None or (at - last).total_seconds() >= SEEN_EVERY_SECONDS:
        DirectoryToken.objects.filter(pk=token.pk).update(last_used_at=at)
