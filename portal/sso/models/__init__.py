"""SSO connections, proven domains, and what is remembered of sign-ins."""

from portal.sso.models.attempts import SignInAttempt
from portal.sso.models.connections import Connection
from portal.sso.models.domains import Domain
from portal.sso.models.emergency import SealedDoor
from portal.sso.models.identities import ClosedIdentity, UsedAssertion
from portal.sso.models.keys import ConnectionKey
from portal.sso.models.mapping import ClaimMapping, ClaimRule, SeenClaims
from portal.sso.models.notices import CertificateNotice
from portal.sso.models.parked import ParkedSignIn
from portal.sso.models.setup import SetupLink

__all__ = [
    "CertificateNotice",
    "ClaimMapping",
    "ClaimRule",
    "ClosedIdentity",
    "Connection",
    "ConnectionKey",
    "Domain",
    "ParkedSignIn",
    "SealedDoor",
    "SeenClaims",
    "SetupLink",
    "SignInAttempt",
    "UsedAssertion",
]
