"""A list of people to invite: checked line by line, then invited in one go."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.models import normalized
from audit.refusals import Invalid
from portal.people.ends import end_of_day
from portal.people.sheets import Row
from tenants.access import Actor, ActorKind
from tenants.actions.guards import least_role
from tenants.actions.invitations import allowed_domains
from tenants.actions.inviting import Place, send_invitations
from tenants.models import Invitation, Membership, Role, Team
from tenants.permissions import CUSTOMER_ROLES, VENDOR_ROLES, BuiltInRole

LONGEST_ADDRESS: Final = 254
LONGEST_NAME: Final = 120
NAMED: Final = 50
_TEAMS: Final = re.compile(r"[|;]")


class Verdict(StrEnum):
    READY = "ready"
    MEMBER = "already-member"
    INVITED = "already-invited"
    TWICE = "duplicate"
    ADDRESS = "bad-address"
    DOMAIN = "domain-not-allowed"
    NAME = "bad-name"
    ROLE = "unknown-role"
    ROLE_BEYOND = "role-not-allowed"
    TEAM = "unknown-team"
    END = "bad-end"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one line, and why not."""

    line: int
    email: str
    verdict: Verdict
    said: str = ""
    place: Place | None = None


class Sums(NamedTuple):
    """How many get which role and team, the most first, and how many have an end of access."""

    roles: list[tuple[str, int]]
    teams: list[tuple[str, int]]
    ending: int


@dataclass(frozen=True, slots=True)
class Report:
    lines: tuple[Line, ...]

    @property
    def ready(self) -> list[Line]:
        return [line for line in self.lines if line.verdict == Verdict.READY]

    @property
    def sums(self) -> "Sums":
        """What those who are ready come in as: a column that slipped shows here."""
        places = [line.place for line in self.ready if line.place]
        return Sums(
            roles=Counter(place.role_said for place in places).most_common(),
            teams=Counter(team.name for place in places for team in place.teams).most_common(),
            ending=sum(place.access_ends_at is not None for place in places),
        )

    @property
    def problems(self) -> list[Line]:
        return [line for line in self.lines if line.verdict != Verdict.READY]


class _Trouble(Exception):
    def __init__(self, verdict: Verdict, said: str) -> None:
        super().__init__(said)
        self.verdict, self.said = verdict, said


class _Offer(NamedTuple):
    role: str
    custom: Role | None
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What the lines are held against, read once for all of them."""

    members: frozenset[str]
    invited: frozenset[str]
    domains: frozenset[str]
    roles: Mapping[str, _Offer]
    teams: Mapping[str, Team]

    @classmethod
    def load(cls, actor: Actor, at: datetime) -> "_Known":
        members = Membership.objects.exclude(status=Membership.Status.REVOKED)
        return cls(
            members=frozenset(members.values_list("email", flat=True)),
            invited=frozenset(Invitation.objects.open(at=at).values_list("email", flat=True)),
            domains=allowed_domains(),
            roles=_offers(actor),
            teams={team.name.casefold(): team for team in Team.objects.visible_to(actor)},
        )


def _offers(actor: Actor) -> dict[str, _Offer]:
    """Roles by the names people write: the key, the label, the name of one made here."""
    here = VENDOR_ROLES if actor.organization.is_vendor else CUSTOMER_ROLES
    found: dict[str, _Offer] = {}
    for role in Role.objects.all():
        place = Place("", least_role(actor.organization), custom_role=role)
        found[role.name.casefold()] = _Offer(place.role, role, _may_give(place, actor))
    for built_in in BuiltInRole:
        if built_in in here:
            offer = _Offer(built_in.value, None, _may_give(Place("", built_in.value), actor))
            found |= {built_in.value: offer, str(built_in.label).casefold(): offer}
    return found


def _may_give(place: Place, actor: Actor) -> bool:
    return actor.kind is ActorKind.SYSTEM or place.permissions() <= actor.permissions


def check(rows: Iterable[Row], *, actor: Actor, at: datetime) -> Report:
    """Look at every line; nothing happens yet."""
    known = _Known.load(actor, at)
    first: dict[str, int] = {}
    return Report(tuple(_line(row, known, first, at=at) for row in rows))


def _line(row: Row, known: _Known, first: dict[str, int], *, at: datetime) -> Line:
    email = normalized(row.get("email"))
    try:
        place = _place(row, email, known, at=at)
    except _Trouble as trouble:
        return Line(row.line, email, trouble.verdict, trouble.said)
    if email in first:
        said = _("The same address as in line %(line)d.") % {"line": first[email]}
        return Line(row.line, email, Verdict.TWICE, said)
    first[email] = row.line
    return Line(row.line, email, Verdict.READY, place=place)


def invite(report: Report, *, actor: Actor, at: datetime, only_good: bool) -> list[Invitation]:
    """Invite everybody who is ready: all lines must be, unless `only_good`.

    Raises Invalid, which names the lines, and InvitationsOvertaken.
    """
    if report.problems and not only_good:
        raise Invalid(
            _("Some lines do not hold. Nobody was invited."),
            {f"lines.{line.line}": line.said for line in report.problems[:NAMED]},
        )
    places = [line.place for line in report.ready if line.place]
    if not places:
        raise Invalid(_("There is nobody to invite."), {"lines": _("No line is ready.")})
    return send_invitations(places, actor=actor, at=at)


def _place(row: Row, email: str, known: _Known, *, at: datetime) -> Place:
    if row.problem:
        raise _Trouble(Verdict.UNREADABLE, row.problem)
    _check_address(email, known)
    name = row.get("name")
    if len(name) > LONGEST_NAME:
        raise _Trouble(Verdict.NAME, _("The name is longer than 120 characters."))
    offer = _role(row.get("role"), known)
    return Place(
        email=email,
        name=name,
        role=offer.role,
        custom_role=offer.custom,
        teams=_teams(row.get("teams"), known),
        access_ends_at=_end(row.get("access ends"), at=at),
    )


def _check_address(email: str, known: _Known) -> None:
    try:
        validate_email(email)
    except ValidationError as wrong:
        raise _Trouble(Verdict.ADDRESS, _("This is no full e-mail address.")) from wrong
    if len(email) > LONGEST_ADDRESS:
        raise _Trouble(Verdict.ADDRESS, _("This is no full e-mail address."))
    if email in known.members:
        raise _Trouble(Verdict.MEMBER, _("Is a member already."))
    if email in known.invited:
        raise _Trouble(Verdict.INVITED, _("Has an open invitation already."))
    if known.domains and email.rpartition("@")[2] not in known.domains:
        raise _Trouble(Verdict.DOMAIN, _("Your policy lets no invitation go to this domain."))


def _role(text: str, known: _Known) -> _Offer:
    offer = known.roles.get((text or BuiltInRole.VIEWER.value).casefold())
    if offer is None:
        raise _Trouble(Verdict.ROLE, _("There is no role “%(name)s” here.") % {"name": text})
    if not offer.is_allowed:
        said = _("The role “%(name)s” may do more than yours.") % {"name": text}
        raise _Trouble(Verdict.ROLE_BEYOND, said)
    return offer


def _teams(text: str, known: _Known) -> tuple[Team, ...]:
    """A team that one cannot see is as unknown as one that never was."""
    named: Sequence[str] = [part.strip() for part in _TEAMS.split(text) if part.strip()]
    found = {}
    for name in named:
        team = known.teams.get(name.casefold())
        if team is None:
            raise _Trouble(Verdict.TEAM, _("There is no team “%(name)s”.") % {"name": name})
        found[team.pk] = team
    return tuple(found.values())


def _end(text: str, *, at: datetime) -> datetime | None:
    if not text:
        return None
    try:
        ends_at = end_of_day(date.fromisoformat(text))
    except (ValueError, OverflowError) as wrong:
        said = _("“%(text)s” is no day. Write it like 2027-03-31.") % {"text": text}
        raise _Trouble(Verdict.END, said) from wrong
    if ends_at is None or ends_at <= at:
        raise _Trouble(Verdict.END, _("This end of access lies behind us."))
    return ends_at
