"""Leaves a trace of every sign-in through a connection: the flight recorder and the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.http import HttpRequest

from audit.names import EventName
from audit.recorder import record
from portal.sso.identity import Identity
from portal.sso.models import Connection, SignInAttempt
from portal.sso.refreshing import hasten_refresh
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.rules import STRANGERS_KEPT, new_reference
from portal.sso.verdicts import NO_FIX, Check, passed, redacted
from tenants.access import stranger
from tenants.middleware import facts_of
from tenants.models import Membership

# More than one insert can be late; each of them clears away what it finds.
_SLACK = 50


@dataclass
class Notes:
    """What is known of a sign-in while it runs; it is kept whatever comes of the sign-in."""

    identity: Identity | None = None
    checks: Sequence[Check] = ()
    is_test: bool = False


def notes_of(request: HttpRequest) -> Notes:
    """The notes of this request, to be added to by whoever learns more."""
    notes: Notes | None = getattr(request, "sign_in_notes", None)
    if notes is None:
        notes = request.sign_in_notes = Notes()  # type: ignore[attr-defined]
    return notes


def record_refused(
    request: HttpRequest, connection: Connection, refusal: SignInRefused, *, at: datetime
) -> str:
    """Write the attempt in a transaction of its own; returns the reference people read out."""
    facts = facts_of(request)
    with transaction.atomic():
        attempt = _keep(request, connection, at=at, refusal=refusal)
        record(
            EventName.SIGN_IN_REFUSED,
            actor=stranger(
                connection.organization, request_id=facts.request_id, address=facts.address
            ),
            target=connection,
            outcome="refused",
            reason=str(refusal.reason).replace("_", " "),
            attempt=attempt.reference,
        )
        if attempt.is_stranger:
            _forget_oldest_strangers(connection)
        if refusal.reason is Reason.SIGNATURE:
            hasten_refresh(connection, at=at)
    return attempt.reference


def record_accepted(request: HttpRequest, connection: Connection, *, at: datetime) -> str:
    """Inside the transaction of the sign-in; the entry's own event names the person."""
    return _keep(request, connection, at=at).reference


def _keep(
    request: HttpRequest,
    connection: Connection,
    *,
    at: datetime,
    refusal: SignInRefused | None = None,
) -> SignInAttempt:
    notes, facts = notes_of(request), facts_of(request)
    identity = notes.identity
    attempt: SignInAttempt = SignInAttempt.objects.create(
        connection=connection,
        membership=_recognised(connection, identity) if identity else None,
        at=at,
        is_test=notes.is_test,
        is_stranger=identity is None,
        reference=new_reference(),
        reason=refusal.reason if refusal else "",
        expected=refusal.expected if refusal else "",
        received=refusal.received if refusal else "",
        checks=[check.as_row() for check in _checks(notes, refusal)],
        claims=redacted(_claims(notes, refusal)),
        address=facts.address or None,
        request_id=facts.request_id,
    )
    return attempt


def _checks(notes: Notes, refusal: SignInRefused | None) -> Sequence[Check]:
    """What the engine found rule by rule; a rule of ours that it does not know ends the list."""
    found = (refusal.checks if refusal else ()) or notes.checks
    if refusal is None or not passed(found):
        return found
    return (*found, _verdict(refusal))


def _claims(notes: Notes, refusal: SignInRefused | None) -> Mapping[str, tuple[str, ...]]:
    if notes.identity is not None:
        return notes.identity.claims
    return refusal.claims if refusal else {}


def _verdict(refusal: SignInRefused) -> Check:
    return Check(
        rule=refusal.message,
        passed=False,
        expected=refusal.expected,
        received=refusal.received,
        fix=str(NO_FIX) if refusal.expected and refusal.received else "",
    )


def _recognised(connection: Connection, identity: Identity) -> Membership | None:
    """Whom the identity belongs to here, let in or not: by its subject, else by its address."""
    account = SocialAccount.objects.filter(
        provider=connection.provider_id, uid=identity.subject
    ).first()
    known = Membership.objects.filter(user_id=account.user_id).first() if account else None
    return known or Membership.objects.filter(email=identity.email).order_by("-joined_at").first()


def _forget_oldest_strangers(connection: Connection) -> None:
    """A flood of garbage pushes out older garbage, never a sign-in that proved anything."""
    kept = SignInAttempt.objects.filter(connection=connection, is_stranger=True).order_by("-id")
    beyond = kept.values_list("pk", flat=True)[STRANGERS_KEPT : STRANGERS_KEPT + _SLACK]
    SignInAttempt.objects.filter(pk__in=list(beyond)).delete()
