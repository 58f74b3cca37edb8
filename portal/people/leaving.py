"""Requests for a list of leavers: what they would come to, and done exactly as shown."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from audit.refusals import Invalid, Refusal, StepUpNeeded
from portal.access.effects import Effect, difference
from portal.access.standing import standings
from portal.people.leavers import SOURCE, Leaver
from portal.tickets.actions import file_revocation
from tenants.access import Actor
from tenants.models import Membership

# As many people in one transaction, and as many in one go: others want to write too.
CHUNK: Final = 50
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Filing:
    """One leaver: the number of the request, or why there is none."""

    leaver: Leaver
    name: str
    number: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One chunk of leavers, and everybody whose access it alters at once."""

    lines: tuple[Filing, ...]
    effect: Effect

    @property
    def digest(self) -> str:
        """Names this outcome; a number is given anew, so it is no part of it."""
        said = [self.effect.digest]
        said += [f"{x.leaver.member_id} {x.leaver.ends_at} {x.refusal}" for x in self.lines]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Plan:
    """All chunks of one go, each as it would find things after those before it."""

    outcomes: tuple[Outcome, ...]

    @property
    def digest(self) -> str:
        return ".".join(outcome.digest for outcome in self.outcomes)

    @property
    def filed(self) -> list[Filing]:
        return [line for each in self.outcomes for line in each.lines if not line.refusal]

    @property
    def refused(self) -> list[Filing]:
        return [line for each in self.outcomes for line in each.lines if line.refusal]

    @property
    def effect(self) -> Effect:
        people = [person for outcome in self.outcomes for person in outcome.effect.people]
        return Effect(tuple(people))


def chunks(leavers: Sequence[Leaver]) -> Iterator[Sequence[Leaver]]:
    """Raises Invalid for nobody and for more than one go takes."""
    if not 0 < len(leavers) <= MOST:
        raise Invalid(
            _("Choose between 1 and %(most)d people at once.") % {"most": MOST},
            {"leavers": _("Nobody is left to file a request for, or too many are named.")},
        )
    for start in range(0, len(leavers), CHUNK):
        yield leavers[start : start + CHUNK]


def foresee(leavers: Sequence[Leaver], *, actor: Actor, at: datetime, reason: str = "") -> Plan:
    """What filing would come to: done for real and taken back. Raises Invalid, StepUpNeeded."""
    with transaction.atomic():
        plan = Plan(
            tuple(played(chunk, actor=actor, at=at, reason=reason) for chunk in chunks(leavers))
        )
        transaction.set_rollback(True)
    return plan


def played(leavers: Sequence[Leaver], *, actor: Actor, at: datetime, reason: str) -> Outcome:
    """File for one after the other, each in a savepoint with an event of its own."""
    ids = [leaver.member_id for leaver in leavers]
    people = Membership.objects.visible_to(actor).in_bulk(ids)
    before = standings(at=at)
    lines = tuple(
        _filed(leaver, people.get(leaver.member_id), actor=actor, at=at, reason=reason)
        for leaver in leavers
    )
    return Outcome(lines, difference(before, standings(at=at)))


def _filed(
    leaver: Leaver, member: Membership | None, *, actor: Actor, at: datetime, reason: str
) -> Filing:
    if member is None:
        return Filing(leaver, "", refusal=_("There is no such member."))
    if member.status == Membership.Status.REVOKED:
        return Filing(leaver, str(member), refusal=_("Access is revoked already."))
    try:
        with transaction.atomic():
            ticket = file_revocation(
                member,
                actor=actor,
                at=at,
                reason=reason,
                source=SOURCE,
                effective_at=leaver.ends_at,
            )
    except StepUpNeeded:
        raise
    except Refusal as refusal:
        return Filing(leaver, str(member), refusal=refusal.message)
    return Filing(leaver, str(member), number=ticket.number)
