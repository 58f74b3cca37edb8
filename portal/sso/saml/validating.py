"""The one way from a posted SAML response to what it proves."""

from datetime import datetime

from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.guard import GuardedResponse, guard
from portal.sso.saml.judge import Parties, judge
from portal.sso.saml.profile import VerifiedAssertion, read_verified

_SAID_BETTER = frozenset(
    {Reason.ISSUER, Reason.AUDIENCE, Reason.DESTINATION, Reason.CONFIRMATION, Reason.EXPIRED}
)


def validate_response(encoded: str, parties: Parties, *, at: datetime) -> VerifiedAssertion:
    """Guard, judge, then our own rules. Raises SignInRefused; touches no database."""
    guarded = guard(encoded)
    try:
        judge(guarded.encoded, parties)
    except SignInRefused as refusal:
        raise _more_exactly(refusal, guarded, parties, at=at) from refusal
    return read_verified(guarded, parties, at=at)


def _more_exactly(
    refusal: SignInRefused, guarded: GuardedResponse, parties: Parties, *, at: datetime
) -> SignInRefused:
    """Our own rules name both values where the library says only that they differ."""
    if refusal.reason not in _SAID_BETTER:
        return refusal
    try:
        read_verified(guarded, parties, at=at)
    except SignInRefused as exact:
        return exact
    return refusal
