"""The verbs of e-mail domains: claimed, then proven by DNS."""

import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Refusal
from portal.sso.models import Domain
from portal.sso.rules import is_domain
from tenants.access import Actor, action
from tenants.permissions import Permission


class DomainNotProven(Refusal):
    code = "domain-not-proven"


@action(Permission.SSO_MANAGE, step_up=True)
def claim_domain(*, actor: Actor, at: datetime, name: str) -> Domain:
    """Name a domain of the organization; it counts once it is proven. Raises Invalid."""
    domain_name = name.strip().lower().removeprefix("@").rstrip(".")
    if not is_domain(domain_name):
        raise Invalid("Enter a domain such as example.com.", {"name": "Not a domain."})
    if Domain.objects.filter(name=domain_name).exists():
        raise Invalid("This domain is on the list already.", {"name": "Already there."})
    domain: Domain = Domain.objects.create(
        name=domain_name, token=secrets.token_urlsafe(24), created_at=at
    )
    record(EventName.DOMAIN_CLAIMED, actor=actor, target=domain)
    return domain


@action(Permission.SSO_MANAGE, step_up=True)
def verify_domain(
    domain: Domain, *, actor: Actor, at: datetime, records: Collection[str]
) -> Domain:
    """Accept a domain whose TXT `records` hold its token. Raises DomainNotProven."""
    domain = Domain.objects.locked(domain.pk)
    if domain.dns_record not in records:
        raise DomainNotProven(
            f"No TXT record of {domain.name} says {domain.dns_record}. "
            "Add it, wait for your DNS to publish it, and try again."
        )
    domain.verified_at = at
    try:
        with transaction.atomic():
            domain.save(update_fields=["verified_at"])
    except IntegrityError as taken:
        raise DomainNotProven(
            f"{domain.name} was proven by another organization. Write to support."
        ) from taken
    record(EventName.DOMAIN_VERIFIED, actor=actor, target=domain)
    return domain
