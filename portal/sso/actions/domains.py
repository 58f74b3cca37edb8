"""The verbs of e-mail domains: claimed, proven by DNS, looked at again, removed."""

import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Refusal
from portal.sso.models import Domain
from portal.sso.rules import DomainStanding, is_domain, normalized_domain
from portal.sso.shared_domains import is_mail_provider, is_public_suffix
from tenants.access import Actor, action
from tenants.models import Membership, Policy
from tenants.permissions import Permission

_CHECK_FIELDS = ["checked_at", "check_error", "check_after", "missing_since", "lost_at"]


class DomainNotProven(Refusal):
    code = "domain-not-proven"


class DomainInUse(Refusal):
    code = "domain-in-use"


@action(Permission.SSO_MANAGE, step_up=True)
def claim_domain(*, actor: Actor, at: datetime, name: str) -> Domain:
    """Name a domain of the organization; it counts once it is proven. Raises Invalid."""
    domain_name = normalized_domain(name)
    _check_name(domain_name)
    if Domain.objects.filter(name=domain_name).exists():
        raise Invalid(_("This domain is on the list already."), {"name": _("Already there.")})
    try:
        with transaction.atomic():
            domain: Domain = Domain.objects.create(
                name=domain_name, token=secrets.token_urlsafe(24), created_at=at
            )
    except IntegrityError as there:
        raise Invalid(
            _("This domain is on the list already."), {"name": _("Already there.")}
        ) from there
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
            _(
                "No TXT record of %(name)s says %(record)s. "
                "Add it, wait for your DNS to publish it, and try again."
            )
            % {"name": domain.name, "record": domain.dns_record}
        )
    domain.prove(at=at)
    try:
        with transaction.atomic():
            domain.save(update_fields=["verified_at", *_CHECK_FIELDS])
    except IntegrityError as taken:
        # Not whose: that would tell a stranger with a DNS record who is a customer.
        raise DomainNotProven(
            _(
                "Another workspace has proven %(name)s. If the domain has moved to you, leave your "
                "record in place: three days after the other record is gone, yours counts."
            )
            % {"name": domain.name}
        ) from taken
    record(EventName.DOMAIN_VERIFIED, actor=actor, target=domain)
    return domain


@action(Permission.SSO_MANAGE)
def recheck_domain(
    domain: Domain, *, actor: Actor, at: datetime, records: Collection[str], failure: str = ""
) -> Domain:
    """Note what the DNS says of a proven domain today.

    A missing record is announced; the domain stops counting when it stays missing for 72 hours.
    With a `failure` the DNS gave no answer, and nothing follows from that.
    """
    domain = Domain.objects.locked(domain.pk)
    before = domain.standing
    if domain.verified_at is None:
        return domain
    if failure:
        domain.fail_check(at=at, because=failure)
    elif domain.dns_record in records:
        domain.find(at=at)
    else:
        domain.miss(at=at)
    domain.save(update_fields=["verified_at", *_CHECK_FIELDS])
    if domain.standing is not before:
        _record_standing(domain, actor=actor)
    return domain


@action(Permission.SSO_MANAGE, step_up=True)
def remove_domain(domain: Domain, *, actor: Actor, at: datetime) -> None:
    """Take a domain off the list: nobody is let in by it any more.

    Raises DomainInUse while people can sign in no other way.
    """
    domain = Domain.objects.locked(domain.pk)
    people = Membership.objects.active(at=at).filter(email__iendswith=f"@{domain.name}").count()
    if people and domain.verified_at and Policy.objects.get().enforces_sso(at=at):
        raise DomainInUse(
            _(
                "Single sign-on is enforced, and %(people)d people sign in with %(name)s. "
                "Switch the enforcement off first."
            )
            % {"people": people, "name": domain.name}
        )
    record(
        EventName.DOMAIN_REMOVED,
        actor=actor,
        target=domain,
        was_proven=domain.verified_at is not None,
        people=people,
    )
    domain.delete()


def _check_name(name: str) -> None:
    """Raises Invalid."""
    if not is_domain(name):
        raise Invalid(_("Enter a domain such as example.com."), {"name": _("Not a domain.")})
    if is_public_suffix(name):
        raise Invalid(
            _("Under %(name)s others have domains of their own. Enter yours.") % {"name": name},
            {"name": _("Not one organization's.")},
        )
    if is_mail_provider(name):
        raise Invalid(
            _("Anybody can have an address at %(name)s. Enter a domain of your organization.")
            % {"name": name},
            {"name": _("Not one organization's.")},
        )


def _record_standing(domain: Domain, *, actor: Actor) -> None:
    if domain.standing is DomainStanding.MISSING:
        record(EventName.DOMAIN_MISSING, actor=actor, target=domain, until=domain.counts_until)
    elif domain.standing is DomainStanding.LOST:
        record(EventName.DOMAIN_LOST, actor=actor, target=domain)
    else:
        record(EventName.DOMAIN_FOUND, actor=actor, target=domain)
