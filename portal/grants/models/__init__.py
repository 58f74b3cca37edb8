"""Support cases, the grants asked for them, who decided, and every object that was read."""

from portal.grants.models.bundles import Bundle, BundleOpening, BundleQuerySet
from portal.grants.models.cases import Case, CaseIntegration, CaseQuerySet
from portal.grants.models.disputes import Dispute, DisputeQuerySet, Reminder
from portal.grants.models.emergency import EmergencyConsent
from portal.grants.models.grants import (
    Grant,
    GrantDecision,
    GrantQuerySet,
    GrantResource,
    LatestEnd,
)
from portal.grants.models.use import AccessRecord, SupportSession
from portal.grants.models.vendor import Attestation, SupportRules

__all__ = [
    "AccessRecord",
    "Attestation",
    "Bundle",
    "BundleOpening",
    "BundleQuerySet",
    "Case",
    "CaseIntegration",
    "CaseQuerySet",
    "Dispute",
    "DisputeQuerySet",
    "EmergencyConsent",
    "Grant",
    "GrantDecision",
    "GrantQuerySet",
    "GrantResource",
    "LatestEnd",
    "Reminder",
    "SupportRules",
    "SupportSession",
]
