"""The signature over what a customer approved, so that an edit in SQL opens nothing."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from audit.signing import SignatureWrong, own_keys, sign, verify
from portal.grants.models import Grant
from portal.grants.rules import ScopeItem

_KIND = "gatehouse.grant"


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
    """Whether the row still says what was approved."""
    try:
        seal = json.loads(grant.signature)
        verify({**document(grant, scope), **seal}, own_keys())
    except (ValueError, TypeError, SignatureWrong):
        return False
    return True


def _instant(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if value else ""
