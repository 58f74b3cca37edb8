"""People put into a team or taken out of it, several at once: found, and told line by line."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import normalized
from audit.refusals import Invalid
from portal.people.bulk import MOST
from tenants.access import Actor
from tenants.models import Membership, Team

OFFERED: Final = 50
_BETWEEN: Final = re.compile(r"[\r\n,;]+")
_BRACKETED: Final = re.compile(r".*<([^<>]*)>\s*$")


@dataclass(frozen=True, slots=True)
class Stray:
    """A pasted entry that names nobody who could be put in, and why."""

    place: int
    text: str
    said: str


@dataclass(frozen=True, slots=True)
class Found:
    people: Sequence[Membership]
    strays: Sequence[Stray]


def found_by(ids: Collection[UUID], addresses: str, actor: Actor) -> Found:
    """The people ticked and those whose address was pasted, once each, by name.

    Whoever the actor may not see is as unknown as somebody who was never here. Raises Invalid.
    """
    entries = [text.strip() for text in _BETWEEN.split(addresses) if text.strip()]
    if len(ids) + len(entries) > MOST:
        raise Invalid(_("At most %(most)d people at once.") % {"most": MOST})
    here = Membership.objects.visible_to(actor).exclude(status=Membership.Status.REVOKED)
    rows = here.select_related("custom_role", "organization")
    people = {each.pk: each for each in rows.filter(pk__in=ids)}
    wanted = [_address(text) for text in entries]
    by_address = {each.email: each for each in rows.filter(email__in=set(wanted))}
    strays, seen = [], set()
    for place, (text, address) in enumerate(zip(entries, wanted, strict=True), 1):
        if address in seen:
            strays.append(Stray(place, text[:254], _("Is there twice.")))
        elif address in by_address:
            people[by_address[address].pk] = by_address[address]
        else:
            strays.append(Stray(place, text[:254], _("Nobody here has this address.")))
        seen.add(address)
    return Found(sorted(people.values(), key=_by_name), strays)


def _address(text: str) -> str:
    """`Ana Ruiz <ana@example.com>` is an address too."""
    bracketed = _BRACKETED.match(text)
    return normalized((bracketed[1] if bracketed else text).strip())


def _by_name(member: Membership) -> tuple[str, UUID]:
    return str(member).casefold(), member.pk


def offered(team: Team, text: str, actor: Actor, *, chosen: Collection[UUID]) -> list[Membership]:
    """Those ticked already, then the first who match and are not in the team."""
    rows = Membership.objects.visible_to(actor).filter(status=Membership.Status.ACTIVE)
    outside = rows.exclude(places__team=team).order_by("name", "id")
    kept = list(outside.filter(pk__in=list(chosen)[:MOST]))
    others = outside.matching(text).exclude(pk__in=[each.pk for each in kept])
    return [*kept, *others[:OFFERED]]


def those_in(team: Team, ids: Collection[UUID]) -> list[Membership]:
    """Of these, the people in the team: whoever sees the team sees them."""
    rows = Membership.objects.filter(places__team=team, pk__in=list(ids)[:MOST])
    return list(rows.select_related("custom_role", "organization").order_by("name", "id"))
