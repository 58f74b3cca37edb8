"""The one way from a posted SAML response to what it proves."""

from datetime import datetime

from portal.sso.saml.guard import guard
from portal.sso.saml.judge import Parties, judge
from portal.sso.saml.profile import VerifiedAssertion, read_verified


def validate_response(encoded: str, parties: Parties, *, at: datetime) -> VerifiedAssertion:
    """Guard, judge, then our own rules. Raises SignInRefused; touches no database."""
    guarded = guard(encoded)
    judge(guarded.encoded, parties)
    return read_verified(guarded, parties, at=at)
