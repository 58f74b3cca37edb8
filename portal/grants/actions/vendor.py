"""The vendor's own rules of support, and its staff's word that they keep them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotFound, StaleVersion
from portal.grants.countries import COUNTRIES
from portal.grants.models import Attestation, SupportRules
from portal.grants.models.vendor import MOST_APPROVERS
from tenants.access import Actor, action
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import Permission

SHORTEST, LONGEST = timedelta(days=1), timedelta(days=366)
SHORTEST_TEXT = 20
FIELDS = ("text", "attestation_lasts", "pool", "pool_most", "countries")


@action(Permission.POLICY_MANAGE, step_up=True)
def change_support_rules(*, actor: Actor, version: int, **changes: Any) -> SupportRules:
    """Write named values; `version` is 0 for the first time. Raises StaleVersion, Invalid.

    A new text takes every attestation's force: all staff confirm it anew.
    """
    _require_vendor(actor)
    rules = SupportRules.objects.select_for_update().first()
    rules = rules or SupportRules(organization_id=actor.organization_id, version=0)
    if rules.version != version:
        raise StaleVersion(_("Somebody else changed the rules meanwhile. Look again, then decide."))
    before = {name: getattr(rules, name) for name in FIELDS}
    for name, value in _settled(changes).items():
        setattr(rules, name, value)
    _check(rules)
    changed = [name for name in FIELDS if before[name] != getattr(rules, name)]
    if not changed:
        return rules
    if "text" in changed and version:
        rules.text_version += 1
    rules.version += 1
    _keep(rules)
    record(
        EventName.POLICY_SUPPORT_CHANGED,
        actor=actor,
        target=rules,
        before={name: _short(name, before[name]) for name in changed},
        after={name: _short(name, getattr(rules, name)) for name in changed},
    )
    return rules


@action(Permission.CONSOLE_VIEW)
def attest_policy(*, actor: Actor, at: datetime, text_version: int, country: str) -> Attestation:
    """Confirm the policy in its present words, and say where one works. Raises Invalid."""
    _require_vendor(actor)
    if actor.membership is None or actor.id != actor.membership.pk:
        raise NotFound(_("Only a person can confirm a policy."))
    rules = SupportRules.objects.first()
    if rules is None:
        raise Invalid(_("The rules of support are not written yet."))
    if rules.text_version != text_version:
        raise StaleVersion(_("The policy has new words. Read them, then confirm."))
    code = country.strip().upper()
    if code not in COUNTRIES:
        raise Invalid(_("This country is not known."), {"country": _("Choose one listed.")})
    person = Membership.objects.locked(actor.membership.pk)
    before, person.country = person.country, code
    person.save(update_fields=["country"])
    attestation: Attestation = Attestation.objects.create(
        staff_id=person.pk, text_version=text_version, attested_at=at
    )
    record(
        EventName.POLICY_ATTESTED,
        actor=actor,
        target=rules,
        version=text_version,
        country=code,
        before=before,
    )
    return attestation


def _require_vendor(actor: Actor) -> None:
    if not actor.organization.is_vendor:
        raise NotFound(_("There is nothing here."))


def _settled(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Each value in the form in which it is kept."""
    settled = {name: value for name, value in changes.items() if name in FIELDS}
    if "text" in settled:
        settled["text"] = settled["text"].strip().replace("\r\n", "\n")
    if "countries" in settled:
        settled["countries"] = sorted({code.strip().upper() for code in settled["countries"]})
    if "pool" in settled:
        settled["pool"] = sorted({str(pk) for pk in settled["pool"]})
    return settled


def _check(rules: SupportRules) -> None:
    """Raises Invalid with every value that does not hold."""
    unknown = [code for code in rules.countries if code not in COUNTRIES]
    said = {
        "text": "" if len(rules.text) >= SHORTEST_TEXT else _("Write at least 20 characters."),
        "attestation_lasts": ""
        if SHORTEST <= rules.attestation_lasts <= LONGEST
        else _("Between 1 and 366 days."),
        "pool": _wrong_pool(rules),
        "countries": _("No country has the letters %(code)s.") % {"code": unknown[0][:10]}
        if unknown
        else "",
    }
    if not 1 <= rules.pool_most <= MOST_APPROVERS:
        said["pool_most"] = _("Between 1 and %(most)d people.") % {"most": MOST_APPROVERS}
    wrong = {name: text for name, text in said.items() if text}
    if wrong:
        raise Invalid(_("Some values do not hold."), wrong)


def _wrong_pool(rules: SupportRules) -> str:
    if len(rules.pool) > rules.pool_most:
        return _("At most %(most)d people.") % {"most": rules.pool_most}
    if _are_leads(rules.pool):
        return ""
    return _("Choose among those whose role lets them check requests.")


def _are_leads(pool: Iterable[str]) -> bool:
    leads = Membership.objects.holders(Permission.GRANT_ENDORSE, at=now())
    return set(pool) <= {str(pk) for pk in leads.values_list("pk", flat=True)}


def _keep(rules: SupportRules) -> None:
    try:
        with transaction.atomic():
            rules.save()
    except IntegrityError as error:
        raise StaleVersion(
            _("Somebody else wrote the rules meanwhile. Look again, then decide.")
        ) from error


def _short(name: str, value: Any) -> str:
    """For the log: people by their ids, and of a long text how long it is."""
    if name == "text":
        return f"{len(value)} characters"
    return ", ".join(value) if isinstance(value, list) else str(value)
