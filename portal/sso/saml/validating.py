"""The one way from a posted SAML response to what it proves."""

from datetime import datetime

from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.guard import GuardedResponse, Keys, guard, no_keys
from portal.sso.saml.judge import Parties, judge
from portal.sso.saml.profile import VerifiedAssertion, claims_in, read_verified

_SAID_BETTER = frozenset(
    {Reason.ISSUER, Reason.AUDIENCE, Reason.DESTINATION, Reason.CONFIRMATION, Reason.EXPIRED}
)


def validate_response(
    encoded: str, parties: Parties, *, at: datetime, keys: Keys = no_keys
) -> VerifiedAssertion:
    """Guard, judge, then our own rules. Raises SignInRefused; touches no database but `keys`."""
    return verify_guarded(guard(encoded, keys), parties, at=at)


def verify_guarded(
    guarded: GuardedResponse, parties: Parties, *, at: datetime
) -> VerifiedAssertion:
    """Judge and our own rules, for what the guard has let through. Raises SignInRefused."""
    try:
        judge(guarded, parties)
    except SignInRefused as refusal:
        exact = _more_exactly(refusal, guarded, parties, at=at)
        if guarded.opened is not None:
            exact = guarded.opened.as_far_as_told(exact)
        raise exact from refusal
    try:
        return read_verified(guarded, parties, at=at)
    except SignInRefused as refusal:
        # The identity provider has signed them, so an admin may see which ones came.
        refusal.claims = claims_in(guarded)
        raise


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
