"""What the end of a whole team's access comes to: done for real, looked at, and taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from portal.access.effects import Effect, rehearse
from portal.catalog.models import Integration
from portal.tickets.models import Part, Ticket
from portal.tickets.team_revoking import revoke_team
from portal.tickets.teams import digest_of, people_of, words_of
from tenants.access import Actor
from tenants.models import Membership, ServiceAccount, ServiceAccountPlace, Team


@dataclass(frozen=True, slots=True)
class TeamLine:
    """One person: what they look after, and why they stay where they do."""

    member: Membership
    integrations: Sequence[str] = ()
    machines: Sequence[str] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class TeamEnd:
    lines: tuple[TeamLine, ...]
    effect: Effect
    # Service accounts in the team are nobody's access: they go on.
    staying: Sequence[str]
    digest: str

    @property
    def going(self) -> list[TeamLine]:
        return [line for line in self.lines if not line.refusal]

    @property
    def refused(self) -> list[TeamLine]:
        return [line for line in self.lines if line.refusal]


def foresee_team_end(team: Team, *, actor: Actor, at: datetime) -> TeamEnd:
    """Raises what filing raises: Invalid, NobodyToRevoke, StepUpNeeded, TeamChanged."""
    people, refusals = people_of(team), dict[UUID, str]()

    def change() -> None:
        ticket = revoke_team(team, actor=actor, at=at)
        refusals.update(_refusals(ticket))

    effect = rehearse(change, at=at)
    integrations = _owned(Integration.objects.visible_to(actor), people)
    machines = _owned(_machines(actor), people)
    lines = tuple(
        TeamLine(
            member,
            integrations=integrations.get(member.pk, ()),
            machines=machines.get(member.pk, ()),
            refusal=words_of(refusals[member.pk]) if member.pk in refusals else "",
        )
        for member in people
    )
    placed = ServiceAccountPlace.objects.filter(team=team).values("service_account_id")
    staying = _machines(actor).filter(pk__in=placed).order_by("name")
    names = list(staying.values_list("name", flat=True))
    return TeamEnd(lines, effect, names, digest_of(people))


def _machines(actor: Actor) -> QuerySet[Any]:
    rows: QuerySet[Any] = ServiceAccount.objects.visible_to(actor).filter(deleted_at=None)
    return rows


def _owned(rows: QuerySet[Any], people: Sequence[Membership]) -> dict[UUID, list[str]]:
    """Names by owner, in one statement."""
    found: dict[UUID, list[str]] = {}
    owned = rows.filter(owner__in=[one.pk for one in people]).order_by("name")
    for owner, name in owned.values_list("owner_id", "name"):
        found.setdefault(owner, []).append(name)
    return found


def _refusals(ticket: Ticket) -> Iterator[tuple[UUID, str]]:
    parts = Part.objects.filter(ticket=ticket).exclude(refusal="")
    return iter(list(parts.values_list("member_id", "refusal")))
