"""Support cases, the grants asked for them, who decided, and every object that was read."""

from portal.grants.models.cases import Case, CaseIntegration, CaseQuerySet
from portal.grants.models.grants import (
    Grant,
    GrantDecision,
    GrantQuerySet,
    GrantResource,
    LatestEnd,
)
from portal.grants.models.use import AccessRecord, SupportSession

__all__ = [
    "AccessRecord",
    "Case",
    "CaseIntegration",
    "CaseQuerySet",
    "Grant",
    "GrantDecision",
    "GrantQuerySet",
    "GrantResource",
    "LatestEnd",
    "SupportSession",
]
