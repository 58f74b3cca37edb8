"""The signature over what a customer approved, so that an edit in SQL opens nothing."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from audit.models import Event
from audit.names import EventName
from audit.signing import SignatureWrong, own_keys, sign, verify
from portal.grants.models import Grant
from portal.grants.rules import ScopeItem

_KIND = "gatehouse.grant"
_SEALED = (EventName.GRANT_APPROVED, EventName.GRANT_NARROWED, EventName.EMERGENCY_ACCESS_OPENED)
_ENDED = (EventName.GRANT_REVOKED, EventName.GRANT_EXPIRED)


def document(grant: Grant, scope: Iterable[ScopeItem]) -> dict[str, object]:
    """The approved terms in canonical order; every field that access depends on."""
    return {
        "kind": _KIND,
        "organization": str(grant.organization_id),
        "grant": str(grant.pk),
        "number": grant.reference,
        "case": str(grant.case_id),
        "staff": str(grant.staff_id),
        "capabilities": sorted(grant.capabilities),
        "scope": sorted(f"{item.key}:{item.integration_id}" for item in scope),
        "approved_at": _instant(grant.approved_at),
        "starts_at": _instant(grant.starts_at),
        "expires_at": _instant(grant.expires_at),
        "version": grant.version,
    }


def signed(grant: Grant, scope: Iterable[ScopeItem]) -> str:
    full = sign(document(grant, scope))
    return json.dumps({"key": full["key"], "signature": full["signature"]})


def is_genuine(grant: Grant, scope: Iterable[ScopeItem]) -> bool:
    """Whether the row still says what was approved last, and is not one that has ended."""
    try:
        seal = json.loads(grant.signature)
        verify({**document(grant, scope), **seal}, own_keys())
    except (ValueError, TypeError, SignatureWrong):
        return False
    return _stands_in_the_log(grant)


def _stands_in_the_log(grant: Grant) -> bool:
    """Whoever kept a row and its signature could put both back; the log cannot be taken back."""
    told = Event.objects.filter(
        organization_id=grant.organization_id, target_id=grant.pk, name__in=[*_SEALED, *_ENDED]
    )
    versions = []
    for event in told:
        if event.name in _ENDED:
            return False
        versions.append(event.facts.get("version", grant.version))
    # By the highest, not by the last: a machine's clock may have been set back between two.
    return max(versions, default=grant.version) == grant.version


def _instant(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if value else ""
