"""The terms of an emergency consent, and the signature over them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid
from audit.signing import SignatureWrong, own_keys, sign, verify
from portal.grants import rules
from portal.grants.models import EmergencyConsent, Grant
from portal.grants.refusals import EmergencyOff
from portal.grants.rules import Capability, ReasonCode, ScopeItem, Verdict, covered

_KIND = "gatehouse.emergency-consent"
# Only what looks: an emergency never changes anything at a customer's.
OFFERED = (Capability.STATUS, Capability.METADATA, Capability.VALUES)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an owner allows in advance."""

    lasts: timedelta
    longest: timedelta
    reason_codes: tuple[str, ...]
    capabilities: tuple[str, ...]
    scope: tuple[ScopeItem, ...]

    def check(self) -> None:
        """Raises Invalid with every field that cannot be had."""
        wrong: dict[str, list[str]] = {}
        if not timedelta(days=1) <= self.lasts <= rules.EMERGENCY_LONGEST:
            wrong["days"] = [_("Choose between 1 and 90 days.")]
        if self.longest not in rules.EMERGENCY_USES:
            wrong["longest"] = [_("Choose one of the lengths offered.")]
        _known(self.reason_codes, ReasonCode.values, "reason_codes", wrong=wrong)
        _known(self.capabilities, OFFERED, "capabilities", wrong=wrong)
        if not self.scope:
            wrong["integrations"] = [_("Name at least one integration or resource.")]
        if wrong:
            raise Invalid(_("This cannot be allowed as it stands."), errors=wrong)


def _known(
    given: Sequence[str], offered: Iterable[str], field: str, *, wrong: dict[str, list[str]]
) -> None:
    if not given or not set(given) <= set(map(str, offered)):
        wrong[field] = [_("Choose at least one of those offered.")]


def why_not(consent: EmergencyConsent | None, grant: Grant) -> str:
    """Why this request cannot be opened as an emergency; empty when it can."""
    if consent is None or not is_genuine(consent):
        return _("No owner of this customer has allowed emergency access. Only they can approve.")
    if grant.reason_code not in consent.reason_codes:
        return _("The owner did not allow emergency access for this reason.")
    if not set(grant.capabilities) <= set(consent.capabilities):
        return _("The owner did not allow all that this request asks for.")
    scope = [row.as_scope() for row in grant.scope.all()]
    widest = consent.items()
    if not scope or not all(covered(item, widest) for item in scope):
        return _("The owner did not allow all that this request is about.")
    return ""


def standing_consent(at: datetime, *, lock: bool = False) -> EmergencyConsent | None:
    rows = EmergencyConsent.objects.standing(at)
    return (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).first()


def require_allowed(consent: EmergencyConsent | None, grant: Grant) -> EmergencyConsent:
    said = why_not(consent, grant)
    if consent is None or said:
        raise EmergencyOff(said)
    return consent


def seal_consent(consent: EmergencyConsent) -> str:
    full = sign(_document(consent))
    return json.dumps({"key": full["key"], "signature": full["signature"]})


def is_genuine(consent: EmergencyConsent) -> bool:
    """Whether the row still says what the owner allowed, and was never withdrawn."""
    try:
        seal = json.loads(consent.signature)
        verify({**_document(consent), **seal}, own_keys())
    except (ValueError, TypeError, SignatureWrong):
        return False
    return not Event.objects.filter(
        organization_id=consent.organization_id,
        target_id=consent.pk,
        name=EventName.EMERGENCY_ACCESS_WITHDRAWN,
    ).exists()


def _document(consent: EmergencyConsent) -> dict[str, object]:
    return {
        "kind": _KIND,
        "organization": str(consent.organization_id),
        "consent": str(consent.pk),
        "given_by": str(consent.given_by_id),
        "given_at": _instant(consent.given_at),
        "expires_at": _instant(consent.expires_at),
        "reason_codes": sorted(consent.reason_codes),
        "capabilities": sorted(consent.capabilities),
        "scope": sorted(f"{item.key}:{item.integration_id}" for item in consent.items()),
        "seconds": int(consent.longest.total_seconds()),
    }


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether a request could be opened as an emergency, for the page of a lead."""

    why_not: str
    agreed: tuple[str, ...]
    missing: int


def outlook(grant: Grant, at: datetime) -> Outlook:
    consent = standing_consent(at)
    since = at - rules.EMERGENCY_AGREE_WITHIN
    said = grant.decisions.filter(verdict=Verdict.EMERGENCY, at__gt=since).order_by("id")
    if consent is not None:
        said = said.filter(terms__consent=str(consent.pk))
    names = tuple(said.values_list("by_name", flat=True))
    return Outlook(why_not(consent, grant), names, rules.EMERGENCY_APPROVERS - len(names))
