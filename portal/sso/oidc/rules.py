"""The rules that every ID token is held against, whoever made it."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.sso.oidc.claims import MAX_SUBJECT, Claims, instant
from portal.sso.oidc.discovery import said
from portal.sso.oidc.findings import Asked, Finding, found
from portal.sso.refusals import Reason

# How far the two clocks may be apart.
SKEW = timedelta(seconds=60)

Rule = Callable[[Claims, Asked], Finding]


def issuer(claims: Claims, asked: Asked) -> Finding:
    return found(
        Reason.ISSUER,
        _("Issuer"),
        passed=claims.get("iss") == asked.application.issuer,
        expected=asked.application.issuer,
        received=said(claims.get("iss")),
        fix=_("Enter the issuer exactly as the provider writes it, with or without a slash."),
    )


def audience(claims: Claims, asked: Asked) -> Finding:
    """Ours, and where it is for several applications, given to ours."""
    mine = asked.application.client_id
    named = claims.get("aud")
    audiences = named if isinstance(named, list) else [named]
    party = claims.get("azp")
    is_ours = mine in audiences and (party == mine if len(audiences) > 1 else party in (None, mine))
    received = ", ".join(said(one) for one in audiences)
    return found(
        Reason.AUDIENCE,
        _("Audience"),
        passed=is_ours,
        expected=mine,
        received=received if party is None else f"{received} (azp: {said(party)})",
        fix=_("Compare the client ID here with that of the application at the provider."),
    )


def expiry(claims: Claims, asked: Asked) -> Finding:
    until = instant(claims, "exp")
    return found(
        Reason.EXPIRED,
        _("Not expired"),
        passed=until is not None and until + SKEW > asked.at,
        expected=_("later than %s") % _shown(asked.at),
        received=_shown(until),
        fix=_("Set the clock of the identity provider; it may be off by a minute at most."),
    )


def beginning(claims: Claims, asked: Asked) -> Finding:
    """Made by now, and valid by now where it says from when."""
    made = instant(claims, "iat")
    begins = instant(claims, "nbf") if "nbf" in claims else made
    is_valid = made is not None and begins is not None and max(made, begins) <= asked.at + SKEW
    return found(
        Reason.TOO_EARLY,
        _("Valid already"),
        passed=is_valid,
        expected=_("not later than %s") % _shown(asked.at + SKEW),
        received=_shown(made if made is None or begins is None else max(made, begins)),
        fix=_("Set the clock of the identity provider; it may be off by a minute at most."),
    )


def nonce(claims: Claims, asked: Asked) -> Finding:
    """Ties the token to this sign-in, so that another one cannot be slipped in."""
    value = claims.get("nonce")
    is_same = isinstance(value, str) and hmac.compare_digest(value.encode(), asked.nonce.encode())
    return found(
        Reason.NONCE,
        _("Made for this sign-in (nonce)"),
        passed=is_same,
        expected=_("the value we sent"),
        received=_("the same") if is_same else (_("another") if value else _("nothing")),
        fix=_("The provider must copy the nonce of the request into the ID token."),
    )


def freshness(claims: Claims, asked: Asked) -> Finding:
    """For a step-up: the person has just proven themselves again."""
    since = asked.fresh_since
    when = instant(claims, "auth_time")
    is_fresh = since is None or (when is not None and since - SKEW <= when <= asked.at + SKEW)
    return found(
        Reason.STALE_SIGN_IN,
        _("Signed in afresh (auth_time)"),
        passed=is_fresh,
        expected=_("any time") if since is None else _("later than %s") % _shown(since),
        received=_shown(when),
        fix=_("The provider must honour prompt=login and max_age, and send auth_time."),
    )


def subject(claims: Claims, _asked: Asked) -> Finding:
    value = claims.get("sub")
    is_name = isinstance(value, str) and 0 < len(value) <= MAX_SUBJECT and value.isprintable()
    return found(
        Reason.SUBJECT,
        _("Names the person lastingly (sub)"),
        passed=is_name,
        expected=_("a text of at most %d characters") % MAX_SUBJECT,
        received=_("such a text") if is_name else said(value),
        fix=_("The provider must send a sub that stays the same for a person."),
    )


def authenticated_at(claims: Claims, asked: Asked) -> datetime:
    """When the person signed in there by the provider's word, and never later than now."""
    when = instant(claims, "auth_time") or instant(claims, "iat") or asked.at
    return min(when, asked.at)


def _shown(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else _("nothing")


ALWAYS: tuple[Rule, ...] = (issuer, audience, nonce, expiry, beginning, freshness, subject)
