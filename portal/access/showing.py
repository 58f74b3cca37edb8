"""An effect in words, as far as whoever looks may know what it touches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.access.effects import Effect, PersonEffect
from portal.access.standing import Right, RightKind, Rights
from portal.catalog.models import Integration, Resource
from portal.catalog.rules import Level
from tenants.access import Actor
from tenants.models import Membership
from tenants.permissions import PERMISSION_LABELS, Permission

MOST_PEOPLE: Final = 20
# A change of role is named whole: all permissions there are, and some resources beside them.
MOST_RIGHTS: Final = 60
_ORDER: Final = {kind: place for place, kind in enumerate(RightKind)}


@dataclass(frozen=True, slots=True)
class ShownRight:
    """One right: what may be done, and the name of what it is done to."""

    words: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ShownRights:
    """The first rights by name; the rest, and what the looker may not know, by number."""

    named: tuple[ShownRight, ...] = ()
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.named or self.more)


@dataclass(frozen=True, slots=True)
class ShownPerson:
    member: Membership
    gained: ShownRights
    lost: ShownRights
    comes_in: bool
    is_shut_out: bool


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """What a page says about an effect. Everybody is counted; only some are named."""

    summary: str
    people: tuple[ShownPerson, ...]
    more: int
    digest: str

    def __bool__(self) -> bool:
        return bool(self.people or self.more)


def shown_effect(effect: Effect, actor: Actor, *, most: int = MOST_PEOPLE) -> ShownEffect:
    """The effect for this actor's eyes. The number of queries does not grow with it."""
    told = _visible(effect.people, actor)[:most]
    names = Names.load(_first(told), actor)
    return ShownEffect(
        summary=summary_of(effect),
        people=tuple(_person(each, names) for each in told),
        more=len(effect.people) - len(told),
        digest=effect.digest,
    )


def _visible(people: Sequence[PersonEffect], actor: Actor) -> list[PersonEffect]:
    # Not by a list of ids: three thousand people are more than a statement may name.
    seen = set(Membership.objects.visible_to(actor).values_list("pk", flat=True)) if people else ()
    return [each for each in people if each.member.pk in seen]


def summary_of(effect: Effect) -> str:
    """“3 people gain, 1 loses.” Somebody who does both is counted in both."""
    gaining, losing = effect.gaining, effect.losing
    parts = []
    if gaining:
        parts.append(ngettext("%(n)s person gains", "%(n)s people gain", gaining) % {"n": gaining})
    if losing:
        parts.append(ngettext("%(n)s person loses", "%(n)s people lose", losing) % {"n": losing})
    return ", ".join(parts) + "." if parts else _("Nobody gains or loses access by it.")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of integrations and resources that somebody may know."""

    known: dict[str, str]

    @classmethod
    def load(cls, rights: Iterable[Right], actor: Actor) -> "Names":
        wanted: dict[RightKind, set[UUID]] = {
            RightKind.INTEGRATION: set(),
            RightKind.RESOURCE: set(),
        }
        for right in rights:
            if right.kind in wanted:
                wanted[right.kind].add(UUID(right.key))
        found: dict[str, str] = {}
        for kind, model in ((RightKind.INTEGRATION, Integration), (RightKind.RESOURCE, Resource)):
            rows = model.objects.visible_to(actor).filter(pk__in=wanted[kind])
            found |= {str(pk): name for pk, name in rows.values_list("pk", "name")}
        return cls(found)

    def of(self, right: Right) -> ShownRight | None:
        """The right in words; None for one that may not be named."""
        if right.kind is RightKind.PERMISSION:
            return ShownRight(str(PERMISSION_LABELS[Permission(right.key)]))
        if right.kind is RightKind.CATALOGUE:
            return ShownRight(str(PERMISSION_LABELS[Permission.CATALOG_VIEW_ALL]))
        name = self.known.get(right.key)
        if name is None:
            return None
        return ShownRight(str(Level(right.level).label), name)


def sorted_rights(rights: Rights) -> list[Right]:
    """In reading order. Seeing the whole catalogue is a permission too, and is said once."""
    said_already = Right(RightKind.PERMISSION, Permission.CATALOG_VIEW_ALL) in rights
    kept = [right for right in rights if not (said_already and right.kind is RightKind.CATALOGUE)]
    return sorted(kept, key=lambda right: (_ORDER[right.kind], right))


def _first(people: Iterable[PersonEffect]) -> set[Right]:
    """All that may come to be named, and no more: a change may touch a hundred thousand."""
    return {
        right
        for each in people
        for rights in (each.gained, each.lost)
        for right in sorted_rights(rights)[:MOST_RIGHTS]
    }


def _person(each: PersonEffect, names: Names) -> ShownPerson:
    return ShownPerson(
        member=each.member,
        gained=_rights(each.gained, names),
        lost=_rights(each.lost, names),
        comes_in=each.comes_in,
        is_shut_out=each.is_shut_out,
    )


def _rights(rights: Rights, names: Names) -> ShownRights:
    ordered = sorted_rights(rights)
    named = [said for right in ordered[:MOST_RIGHTS] if (said := names.of(right)) is not None]
    return ShownRights(tuple(named), len(ordered) - len(named))
