"""The flight recorder as pages and the API show it: narrowed, with words and what followed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from audit.identifiers import uuid7_floor
from audit.models import Event
from audit.opening import opened
from audit.sentences import sentence
from portal.sso.models import SignInAttempt
from portal.sso.models.attempts import AttemptQuerySet
from tenants.access import Actor
from tenants.permissions import Permission

ORDER = ("-id",)
# A sign-in's own events are written within its web request.
_REQUEST_LASTS = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class AttemptFilter:
    """Empty values do not restrict."""

    connection: UUID | None = None
    outcome: str = ""
    reason: str = ""
    is_test: bool | None = None
    reference: str = ""

    def apply(self, rows: AttemptQuerySet) -> AttemptQuerySet:
        if self.connection is not None:
            rows = rows.filter(connection_id=self.connection)
        if self.outcome:
            accepted = self.outcome == "accepted"
            rows = rows.filter(reason="") if accepted else rows.exclude(reason="")
        if self.reason:
            rows = rows.filter(reason=self.reason)
        if self.is_test is not None:
            rows = rows.filter(is_test=self.is_test)
        if self.reference:
            rows = rows.filter(reference=self.reference)
        return rows


@dataclass(frozen=True)
class AttemptLine:
    """One attempt in words."""

    row: SignInAttempt

    @property
    def is_good(self) -> bool:
        """A test is recorded whatever its rules say of the person; it passes when all were kept."""
        return self.row.accepted and not (self.row.is_test and self.failed_checks)

    @property
    def tone(self) -> str:
        return "ok" if self.is_good else "danger"

    @property
    def outcome(self) -> str:
        if self.row.is_test:
            return _("Test passed") if self.is_good else _("Test failed")
        return _("Signed in") if self.row.accepted else _("Refused")

    @property
    def person(self) -> str:
        """Whom it was about, as far as anything was proven; never a whole address."""
        if self.row.membership is not None:
            return str(self.row.membership)
        return next((v for values in self.row.claims.values() for v in values if "@" in v), "")

    @property
    def failed_checks(self) -> int:
        return sum(1 for check in self.row.checks if not check["passed"])


@dataclass(frozen=True)
class Consequence:
    """An event of the audit log that came of the same web request."""

    at: datetime
    text: str
    is_refused: bool


def lines_of(rows: Iterable[SignInAttempt]) -> list[AttemptLine]:
    return [AttemptLine(row) for row in rows]


def consequences_of(attempt: SignInAttempt, *, actor: Actor) -> list[Consequence]:
    """What the log says of it, for those who may read the log."""
    if not attempt.request_id or not actor.may(Permission.AUDIT_VIEW):
        return []
    events = list(
        Event.objects.visible_to(actor)
        .filter(
            id__gte=uuid7_floor(attempt.at - _REQUEST_LASTS),
            id__lt=uuid7_floor(attempt.at + _REQUEST_LASTS),
            request_id=attempt.request_id,
        )
        .order_by("id")[:20]
    )
    opened(events)
    return [
        Consequence(event.occurred_at, sentence(event), event.outcome == "refused")
        for event in events
    ]
