"""Leaves a trace of every sign-in through a connection: the flight recorder and the audit log."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from audit.names import EventName
from audit.recorder import record
from portal.sso.models import Connection, SignInAttempt
from portal.sso.refusals import SignInRefused
from portal.sso.rules import ATTEMPTS_KEPT, new_reference
from tenants.access import stranger
from tenants.middleware import facts_of


def record_refused(
    request: HttpRequest, connection: Connection, refusal: SignInRefused, *, at: datetime
) -> str:
    """Write the attempt in a transaction of its own; returns the reference people read out."""
    facts = facts_of(request)
    reference = new_reference()
    with transaction.atomic():
        _keep(
            connection,
            at=at,
            reference=reference,
            reason=refusal.reason,
            expected=refusal.expected,
            received=refusal.received,
        )
        record(
            EventName.SIGN_IN_REFUSED,
            actor=stranger(
                connection.organization, request_id=facts.request_id, address=facts.address
            ),
            target=connection,
            outcome="refused",
            reason=str(refusal.reason).replace("_", " "),
            attempt=reference,
        )
    return reference


def record_accepted(connection: Connection, *, at: datetime) -> None:
    """Inside the transaction of the sign-in; the entry's own event names the person."""
    _keep(connection, at=at, reference=new_reference())


def _keep(connection: Connection, **values: object) -> None:
    SignInAttempt.objects.create(connection=connection, **values)
    # A stranger can add rows, so their number has a bound.
    kept = SignInAttempt.objects.filter(connection=connection).order_by("-id")
    beyond = kept.values_list("pk", flat=True)[ATTEMPTS_KEPT : ATTEMPTS_KEPT * 2]
    SignInAttempt.objects.filter(pk__in=list(beyond)).delete()
