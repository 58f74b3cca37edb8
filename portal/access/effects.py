"""What a change would do to everybody's access: played for real, compared, and taken back."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from portal.access.standing import NOTHING, Rights, beyond, standings
from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class PersonEffect:
    """What one person would gain and lose."""

    member: Membership
    gained: Rights
    lost: Rights
    comes_in: bool = False
    is_shut_out: bool = False

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost or self.comes_in or self.is_shut_out)


@dataclass(frozen=True, slots=True)
class Effect:
    """Everybody whose access a change would alter, by name."""

    people: tuple[PersonEffect, ...]

    @property
    def gaining(self) -> int:
        return sum(1 for each in self.people if each.gained)

    @property
    def losing(self) -> int:
        return sum(1 for each in self.people if each.lost)

    @property
    def digest(self) -> str:
        """Names exactly this effect: a form carries it from the preview to the confirmation."""
        said = [
            f"{each.member.pk}+{sorted(each.gained)}-{sorted(each.lost)}" for each in self.people
        ]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]

    def __bool__(self) -> bool:
        return bool(self.people)


def rehearse(change: Callable[[], Any], *, at: datetime) -> Effect:
    """The effect that calling `change` would have, computed by letting it happen and undoing it.

    The same code changes and decides as in earnest, so a preview cannot differ from what then
    happens. Raises what `change` raises; its refusals are the preview's answer too.
    """
    before = standings(at=at)
    with transaction.atomic():
        change()
        after = standings(at=at)
        transaction.set_rollback(True)
    return difference(before, after)


def difference(before: dict[Any, Rights], after: dict[Any, Rights]) -> Effect:
    """Who gained and lost what between two looks at everybody.

    Whoever reaches the same in another way has neither gained nor lost.
    """
    changed = [pk for pk in before.keys() | after.keys() if before.get(pk) != after.get(pk)]
    members = Membership.objects.select_related("custom_role").in_bulk(changed)
    effects = [
        _effect_on(members[pk], before.get(pk), after.get(pk)) for pk in changed if pk in members
    ]
    told = [each for each in effects if each]
    return Effect(tuple(sorted(told, key=lambda each: (str(each.member).lower(), each.member.pk))))


def _effect_on(member: Membership, before: Rights | None, after: Rights | None) -> PersonEffect:
    return PersonEffect(
        member=member,
        gained=beyond(after or NOTHING, before or NOTHING),
        lost=beyond(before or NOTHING, after or NOTHING),
        comes_in=before is None,
        is_shut_out=after is None,
    )
