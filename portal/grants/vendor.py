"""Whether a member of the staff may ask at all, and who of them checks: the vendor's own rules."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.grants.countries import COUNTRIES, country_name
from portal.grants.models import Attestation, SupportRules
from portal.grants.refusals import NotInPool, StaffNotReady
from tenants.models import Membership
from tenants.scoping import system_scope


@dataclass(frozen=True, slots=True)
class Standing:
    """How one member of the staff stands to the vendor's rules at one instant."""

    rules: SupportRules | None
    country: str
    attested_until: datetime | None
    missing: list[str] = field(default_factory=list)

    @property
    def country_name(self) -> str:
        return country_name(self.country)

    @property
    def is_ready(self) -> bool:
        return not self.missing


def support_rules() -> SupportRules | None:
    """There is one vendor, and so one row; None until it was written for the first time."""
    with system_scope("rules of support"):
        found: SupportRules | None = SupportRules.unscoped.first()
        return found


def standing_of(person: Membership, at: datetime) -> Standing:
    rules = support_rules()
    if rules is None:
        nothing = _(
            "The rules of support are not written yet. Ask an operator to do so in the console."
        )
        return Standing(None, person.country, None, [nothing])
    until = _attested_until(person.pk, rules)
    missing = [said for said in (_policy(until, at), _place(person.country, rules)) if said]
    return Standing(rules, person.country, until, missing)


def require_ready(person: Membership, at: datetime) -> None:
    """Raises StaffNotReady, saying all that has to be done first."""
    standing = standing_of(person, at)
    if standing.missing:
        raise StaffNotReady(" ".join(standing.missing))


def require_in_pool(staff_id: UUID | None) -> None:
    """Raises NotInPool for anybody whom the vendor has not chosen to check requests."""
    rules = support_rules()
    if rules is None or str(staff_id) not in rules.pool:
        raise NotInPool(_("You are not among those who check requests. An operator chooses them."))


def _attested_until(staff_id: UUID, rules: SupportRules) -> datetime | None:
    with system_scope("rules of support"):
        rows = Attestation.unscoped.filter(staff_id=staff_id, text_version=rules.text_version)
        latest = rows.order_by("-attested_at", "-id").first()
    return latest.holds_until(rules) if latest else None


def _policy(until: datetime | None, at: datetime) -> str:
    if until is not None and at < until:
        return ""
    return _("Read the policy for support and confirm it on its page in the console first.")


def _place(country: str, rules: SupportRules) -> str:
    if country not in COUNTRIES:
        return _("Say on the page of the policy for support in which country you work.")
    if country in rules.countries:
        return ""
    return _("Nobody may ask from %(country)s. A colleague in an allowed country has to.") % {
        "country": country_name(country)
    }
