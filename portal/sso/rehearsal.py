"""Plays the last 30 days again under the rule “single sign-on only”: who would get in, who not."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.sso.census import Census, Person
from portal.sso.models import Connection
from portal.sso.refusals import Reason
from tenants.models import Entry, Membership, Policy


class Outcome(TextChoices):
    PASSES = "passes", _("Would get in")
    FAILS = "fails", _("Would fail")
    ABSENT = "absent", _("Not seen in 30 days")


_ORDER = [Outcome.FAILS, Outcome.ABSENT, Outcome.PASSES]
NO_CONNECTION = _("No SSO connection is in use and allowed.")
NEVER_USED = _(
    "Has never come in by single sign-on here: make sure that your identity provider knows them."
)
# The sign-in speaks to the person; this speaks about them.
_SAID: dict[Reason, str | Promise] = {
    Reason.FOREIGN_DOMAIN: _("The domain of their address is not proven."),
    Reason.EMAIL_TAKEN: _("The address belongs to an account that other workspaces use as well."),
    Reason.NOT_LINKED: _(
        "Looks after the workspace without a second factor: they have to come in by single sign-on "
        "once in a browser in which they are signed in."
    ),
    Reason.REVOKED: _("Their access, or their link to the identity provider, was ended."),
}


@dataclass(frozen=True)
class Rehearsed:
    """One person under the candidate rule."""

    member: Membership
    came_at: datetime | None
    came_by: str
    outcome: Outcome
    why: str | Promise
    through: str

    @property
    def came_by_label(self) -> str:
        return str(Entry.Method(self.came_by).label) if self.came_by else ""


@dataclass(frozen=True)
class Rehearsal:
    """Everybody, those who would fail first."""

    rows: list[Rehearsed]
    connections: list[Connection]

    def count(self, outcome: str) -> int:
        return Counter(row.outcome for row in self.rows)[Outcome(outcome)]

    def of(self, outcome: str) -> list[Rehearsed]:
        return [row for row in self.rows if row.outcome == outcome]


def rehearse(policy: Policy, census: Census) -> Rehearsal:
    """The verdicts come from the rule that decides real sign-ins: `standing.refusal_of`."""
    usable = [c for c in census.connections if policy.allows(c.kind)]
    rows = [_rehearsed(person, usable) for person in census.people]
    # Stable: within an outcome the census's order by name stays.
    return Rehearsal(sorted(rows, key=lambda row: _ORDER.index(row.outcome)), usable)


def _rehearsed(person: Person, usable: list[Connection]) -> Rehearsed:
    through = _through(person, usable)
    why = _why(person, through)
    outcome = Outcome.FAILS if why else Outcome.PASSES
    return Rehearsed(
        member=person.member,
        came_at=person.came_at,
        came_by=person.came_by,
        outcome=Outcome.ABSENT if person.came_at is None else outcome,
        why=why,
        through=through.name if through and not why else "",
    )


def _through(person: Person, usable: list[Connection]) -> Connection | None:
    """The connection that serves the person best: one that knows them, then the first."""
    ranked = sorted(
        usable, key=lambda c: (c.pk not in person.known_to, person.refusals[c.pk] is not None)
    )
    return ranked[0] if ranked else None


def _why(person: Person, through: Connection | None) -> str | Promise:
    if through is None:
        return NO_CONNECTION
    reason = person.refusals[through.pk]
    if reason is not None:
        return _SAID.get(reason, reason.label)
    return "" if through.pk in person.known_to else NEVER_USED
