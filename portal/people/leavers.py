"""A list of leavers held against the people here: who still has access, and who is unknown."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import normalized
from portal.people.ends import end_of_day
from portal.people.sheets import MAX_BYTES, Layout, Row
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind, Status
from tenants.access import Actor
from tenants.models import Invitation, Membership

SOURCE: Final = "leavers"
LONGEST_ADDRESS: Final = 254
LAYOUT: Final = Layout(
    columns=("email", "last day"),
    aliases={
        "e-mail": "email",
        "e-mail address": "email",
        "email address": "email",
        "mail": "email",
        "last day on": "last day",
        "last working day": "last day",
        "leaving date": "last day",
        "termination date": "last day",
    },
    ignores_others=True,
    max_bytes=6 * MAX_BYTES,
    max_lines=100_000,
)


class Verdict(StrEnum):
    HAS_ACCESS = "has-access"
    SUSPENDED = "suspended"
    FILED = "already-filed"
    REVOKED = "already-revoked"
    INVITED = "invited"
    UNKNOWN = "unknown"
    OWN = "yourself"
    TWICE = "duplicate"
    ADDRESS = "bad-address"
    DAY = "bad-day"
    UNREADABLE = "unreadable"


LABELS: Final[Mapping[Verdict, Promise]] = {
    Verdict.HAS_ACCESS: gettext_lazy("Has access"),
    Verdict.SUSPENDED: gettext_lazy("Suspended, not revoked"),
    Verdict.FILED: gettext_lazy("Request runs already"),
    Verdict.REVOKED: gettext_lazy("Access is revoked"),
    Verdict.INVITED: gettext_lazy("Invited, has not come"),
    Verdict.UNKNOWN: gettext_lazy("Unknown here"),
    Verdict.OWN: gettext_lazy("That is you"),
    Verdict.TWICE: gettext_lazy("Named twice"),
    Verdict.ADDRESS: gettext_lazy("No e-mail address"),
    Verdict.DAY: gettext_lazy("No day"),
    Verdict.UNREADABLE: gettext_lazy("Cannot be read"),
}
TO_FILE: Final = frozenset({Verdict.HAS_ACCESS, Verdict.SUSPENDED})
SETTLED: Final = frozenset({Verdict.FILED, Verdict.REVOKED})


@dataclass(frozen=True, slots=True)
class Leaver:
    """Whose access ends, and when; without an instant it is now."""

    member_id: UUID
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of the list comes to, and why."""

    line: int
    email: str
    verdict: Verdict
    said: str = ""
    leaver: Leaver | None = None

    @property
    def label(self) -> str:
        return str(LABELS[self.verdict])


@dataclass(frozen=True, slots=True)
class Report:
    lines: tuple[Line, ...]

    @property
    def leavers(self) -> list[Leaver]:
        """Those for whom a request is to be filed, in the order of the list."""
        return [line.leaver for line in self.lines if line.leaver is not None]

    @property
    def others(self) -> list[Line]:
        return [line for line in self.lines if line.leaver is None]

    def counts(self) -> dict[Verdict, int]:
        found = Counter(line.verdict for line in self.lines)
        return {verdict: found[verdict] for verdict in Verdict if found[verdict]}


class _Trouble(Exception):
    def __init__(self, verdict: Verdict, said: str = "") -> None:
        super().__init__(said)
        self.verdict, self.said = verdict, said


Person = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the lines are held against, read once for all of them."""

    people: Mapping[str, Person]
    invited: frozenset[str]
    filed: Mapping[UUID, tuple[str, datetime | None]]
    own: UUID | None

    @classmethod
    def load(cls, actor: Actor, at: datetime) -> "_Known":
        rows = Membership.objects.visible_to(actor)
        # Somebody may have left and come back: the place they have now is what counts.
        ordered = sorted(
            rows.values_list("email", "pk", "status"),
            key=lambda row: row[2] != Membership.Status.REVOKED,
        )
        running = Ticket.objects.still_open().filter(kind=Kind.REVOCATION)
        return cls(
            people={normalized(email): (pk, status) for email, pk, status in ordered},
            invited=frozenset(Invitation.objects.open(at=at).values_list("email", flat=True)),
            filed={
                subject: (number, received if status == Status.SCHEDULED else None)
                for subject, number, received, status in running.values_list(
                    "subject_id", "number", "received_at", "status"
                )
            },
            own=actor.membership.pk if actor.membership else None,
        )


def check(rows: Iterable[Row], *, actor: Actor, at: datetime) -> Report:
    """Look at every line; nothing happens, and nothing is kept."""
    known = _Known.load(actor, at)
    first: dict[str, int] = {}
    return Report(tuple(_line(row, known, first, at=at) for row in rows))


def _line(row: Row, known: _Known, first: dict[str, int], *, at: datetime) -> Line:
    email = normalized(row.get("email"))
    try:
        pk, verdict, ends_at = _judged(row, email, known, at=at)
    except _Trouble as trouble:
        line = Line(row.line, email, trouble.verdict, trouble.said)
    else:
        day = f"{ends_at:%Y-%m-%d}" if ends_at else ""
        said = _("at the end of %(day)s") % {"day": day} if day else _("now")
        line = Line(row.line, email, verdict, said, Leaver(pk, ends_at))
    return _once(line, first)


def _once(line: Line, first: dict[str, int]) -> Line:
    """An address counts where it is read first."""
    if line.verdict in (Verdict.UNREADABLE, Verdict.ADDRESS, Verdict.DAY):
        return line
    if line.email in first:
        said = _("The same address as in line %(line)d.") % {"line": first[line.email]}
        return Line(line.line, line.email, Verdict.TWICE, said)
    first[line.email] = line.line
    return line


def _judged(
    row: Row, email: str, known: _Known, *, at: datetime
) -> tuple[UUID, Verdict, datetime | None]:
    """Whom a line means and when their access ends. Raises _Trouble."""
    if row.problem:
        raise _Trouble(Verdict.UNREADABLE, row.problem)
    _check_address(email)
    ends_at = _end(row.get("last day"), at=at)
    pk, status = _person(email, known)
    if pk == known.own:
        raise _Trouble(Verdict.OWN, _("Nobody revokes their own access; ask another owner."))
    if status == Membership.Status.REVOKED:
        raise _Trouble(Verdict.REVOKED)
    _check_standing(known.filed.get(pk), ends_at)
    is_active = status == Membership.Status.ACTIVE
    return pk, Verdict.HAS_ACCESS if is_active else Verdict.SUSPENDED, ends_at


def _person(email: str, known: _Known) -> Person:
    found = known.people.get(email)
    if found is not None and (found[1] != Membership.Status.REVOKED or email not in known.invited):
        return found
    if email in known.invited:
        raise _Trouble(Verdict.INVITED, _("Cancel the invitation in the list of invitations."))
    raise _Trouble(Verdict.UNKNOWN, _("Nobody here has this address."))


def _check_standing(standing: tuple[str, datetime | None] | None, ends_at: datetime | None) -> None:
    """A request that runs is enough, unless access is to end sooner than it says."""
    if standing is None:
        return
    number, planned = standing
    if planned is None or (ends_at is not None and ends_at >= planned):
        raise _Trouble(Verdict.FILED, number)


def _check_address(email: str) -> None:
    wrong = _Trouble(Verdict.ADDRESS, _("This is no full e-mail address."))
    if len(email) > LONGEST_ADDRESS:
        raise wrong
    try:
        validate_email(email)
    except ValidationError as invalid:
        raise wrong from invalid


def _end(text: str, *, at: datetime) -> datetime | None:
    """The end of the last day; one that is over, or none, means now."""
    if not text:
        return None
    try:
        ends_at = end_of_day(date.fromisoformat(text))
    except (ValueError, OverflowError) as wrong:
        said = _("“%(text)s” is no day. Write it like 2027-03-31.") % {"text": text[:40]}
        raise _Trouble(Verdict.DAY, said) from wrong
    return ends_at if ends_at is not None and ends_at > at else None
