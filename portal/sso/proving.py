"""Proving e-mail domains: what the DNS is asked, and what a page shows of the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from portal.sso.actions.domains import DomainNotProven, recheck_domain, verify_domain
from portal.sso.dns import TextRecords, text_records
from portal.sso.models import Domain
from portal.sso.rules import DomainStanding
from tenants.access import Actor, system_actor
from tenants.models import Membership, Organization

_TONES = {
    DomainStanding.PROVEN: "ok",
    DomainStanding.MISSING: "warn",
    DomainStanding.LOST: "danger",
    DomainStanding.CLAIMED: "neutral",
}


@dataclass(frozen=True)
class DomainLine:
    """A domain as pages show it, with how many active members have an address there."""

    row: Domain
    people: int

    @property
    def tone(self) -> str:
        return _TONES[self.row.standing]

    @property
    def label(self) -> str:
        return str(self.row.standing.label)


def domain_lines(*, at: datetime) -> list[DomainLine]:
    """The domains of the open scope by name, in two queries however many there are."""
    rows = list(Domain.objects.order_by("name"))
    people = _people_by_domain(rows, at=at)
    return [DomainLine(row, people.get(str(index), 0)) for index, row in enumerate(rows)]


def domain_line(domain: Domain, *, at: datetime) -> DomainLine:
    return DomainLine(domain, _people_by_domain([domain], at=at).get("0", 0))


def _people_by_domain(rows: Sequence[Domain], *, at: datetime) -> dict[str, int]:
    counts = {
        f"n{index}": Count("pk", filter=Q(email__iendswith=f"@{row.name}"))
        for index, row in enumerate(rows)
    }
    if not counts:
        return {}
    found = Membership.objects.active(at=at).aggregate(**counts)
    return {name.removeprefix("n"): number for name, number in found.items()}


def published_records(domain: Domain) -> TextRecords:
    """What the DNS says of the domain now; no transaction must be open meanwhile."""
    if settings.DEMO and domain.name.endswith(".test"):
        # `.test` is in no DNS: the demo answers for it.
        return TextRecords(frozenset({domain.dns_record}))
    return text_records(domain.name)


def prove_domain(domain: Domain, *, actor: Actor, at: datetime) -> Domain:
    """Ask the DNS, then accept the domain. Raises DomainNotProven, saying what is in the way."""
    found = published_records(domain)
    if found.failure:
        raise DomainNotProven(
            _("%(why)s Nothing was changed; try again in a minute.") % {"why": found.failure}
        )
    if found.alias_of:
        raise DomainNotProven(
            _(
                "%(name)s is an alias (CNAME) of %(target)s, so a TXT record there says nothing "
                "about who owns it. Prove the domain above it."
            )
            % {"name": domain.name, "target": found.alias_of}
        )
    return verify_domain(domain, actor=actor, at=at, records=found.texts)


def check_again(domain_id: UUID, *, at: datetime) -> None:
    """The daily look, by whoever takes it first."""
    domain = Domain.objects.filter(pk=domain_id).first()
    if domain is None or not Domain.objects.claim_check(domain_id, at=at):
        return
    found = published_records(domain)
    recheck_domain(
        domain,
        actor=system_actor(Organization.objects.current()),
        at=at,
        records=found.texts,
        failure=found.failure,
    )
