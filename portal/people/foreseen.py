"""What a changed policy would do: to who is in, to tokens and invitations that are out already."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from django.forms import model_to_dict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.access.standing import Right, RightKind, standings
from tenants.access import Actor
from tenants.addresses import allows
from tenants.models import ApiToken, DefaultTeam, Entry, Invitation, Membership, Policy
from tenants.permissions import Permission
from tenants.resolving import lapse_reason

MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that would happen, and the first of those it happens to."""

    words: str
    names: tuple[str, ...] = ()
    more: int = 0
    # Somebody would be kept out, or something promised could no longer be done.
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Foreseen:
    consequences: tuple[Consequence, ...]
    changes: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> str:
        """Names exactly this outcome: a form carries it from the preview to the confirmation."""
        said = json.dumps([[asdict(each) for each in self.consequences], self.changes])
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def is_grave(self) -> bool:
        return any(each.is_grave for each in self.consequences)


def foresee_policy(change: Callable[[], Policy], *, actor: Actor, at: datetime) -> Foreseen:
    """What `change` would lead to, computed by letting it happen and undoing it.

    Raises what `change` raises. Nobody is named whom the actor may not see.
    """
    before, old_teams = Policy.objects.get(), _default_teams()
    with transaction.atomic():
        after = change()
        changes = [*_changes(before, after)]
        if old_teams != (new_teams := _default_teams()):
            changes.append(("default_teams", new_teams))
        found = tuple(_consequences(before, after, actor=actor, at=at)) if changes else ()
        transaction.set_rollback(True)
    return Foreseen(found, tuple(changes))


def _default_teams() -> str:
    ids = DefaultTeam.objects.order_by("team_id").values_list("team_id", flat=True)
    return ", ".join(str(pk) for pk in ids)


def _changes(before: Policy, after: Policy) -> Iterator[tuple[str, str]]:
    old, new = model_to_dict(before), model_to_dict(after)
    for name, value in new.items():
        if old[name] != value and name != "version":
            yield name, str(value)


def _consequences(
    before: Policy, after: Policy, *, actor: Actor, at: datetime
) -> Iterator[Consequence]:
    yield from _sessions(before, after, actor=actor, at=at)
    if before.address_rule != after.address_rule:
        yield from _tokens_outside(after, actor=actor, at=at)
    if after.token_max_age < before.token_max_age:
        yield from _long_tokens(after, actor=actor, at=at)
    if before.invitation_domains != after.invitation_domains:
        yield from _invitations_elsewhere(after, actor=actor, at=at)
    yield from _too_few(before, after, at=at)


class _Session(StrEnum):
    """What becomes of a session that is open now; empty when it goes on."""

    ENDED = "ended"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


def _sessions(
    before: Policy, after: Policy, *, actor: Actor, at: datetime
) -> Iterator[Consequence]:
    found: dict[_Session | None, set[Membership]] = defaultdict(set)
    rows = Entry.objects.open().select_related("membership", "membership__custom_role")
    for entry in rows:
        if not entry.membership.is_active(at=at):
            continue
        if not lapse_reason(entry, before, actor.organization, at=at):
            found[_fate(entry, before, after, actor=actor, at=at)].add(entry.membership)
    for fate, words in _session_words(found):
        yield from _told(words, found[fate], actor, is_grave=fate == _Session.OUTSIDE)


def _fate(
    entry: Entry, before: Policy, after: Policy, *, actor: Actor, at: datetime
) -> _Session | None:
    if lapse_reason(entry, after, actor.organization, at=at):
        return _Session.ENDED
    same = before.address_rule == after.address_rule
    if same or entry.method == Entry.Method.BREAK_GLASS:
        return None
    if allows(after.address_rule, entry.address or ""):
        return None
    return _Session.OUTSIDE if entry.address else _Session.UNKNOWN


def _session_words(
    found: Mapping[_Session | None, Collection[Membership]],
) -> Iterator[tuple[_Session, str]]:
    yield (
        _Session.ENDED,
        ngettext(
            "%(n)s person who is signed in now must sign in again.",
            "%(n)s people who are signed in now must sign in again.",
            len(found[_Session.ENDED]),
        ),
    )
    yield (
        _Session.OUTSIDE,
        ngettext(
            "%(n)s person who is signed in now came from an address that is not on the list. "
            "They are kept out at their next page.",
            "%(n)s people who are signed in now came from addresses that are not on the list. "
            "They are kept out at their next page.",
            len(found[_Session.OUTSIDE]),
        ),
    )
    yield (
        _Session.UNKNOWN,
        ngettext(
            "From where %(n)s person came who is signed in now is not known.",
            "From where %(n)s people came who are signed in now is not known.",
            len(found[_Session.UNKNOWN]),
        ),
    )


def _told(
    words: str, members: Collection[Membership], actor: Actor, *, is_grave: bool = False
) -> Iterator[Consequence]:
    ids = [member.pk for member in members]
    if ids:
        seen = set(Membership.objects.visible_to(actor).values_list("pk", flat=True))
        names = sorted(str(member) for member in members if member.pk in seen)
        yield _consequence(words, names, len(ids), is_grave=is_grave)


def _consequence(
    words: str, names: list[str], count: int, *, is_grave: bool = False
) -> Consequence:
    shown = tuple(names[:MOST_NAMED])
    return Consequence(words % {"n": count}, shown, count - len(shown), is_grave)


def _tokens_outside(after: Policy, *, actor: Actor, at: datetime) -> Iterator[Consequence]:
    rows = list(_tokens(actor, at=at))
    outside = [
        f"{token.name} ({token.prefix}…)"
        for token in rows
        if token.last_used_address and not allows(after.address_rule, token.last_used_address)
    ]
    if outside:
        words = ngettext(
            "%(n)s API token was last used from an address that is not on the list. It stops.",
            "%(n)s API tokens were last used from addresses that are not on the list. They stop.",
            len(outside),
        )
        yield _consequence(words, outside, len(outside), is_grave=True)
    unknown = sum(1 for token in rows if token.last_used_at and not token.last_used_address)
    if unknown and after.address_rule:
        words = ngettext(
            "From where %(n)s API token is used is not known.",
            "From where %(n)s API tokens are used is not known.",
            unknown,
        )
        yield Consequence(words % {"n": unknown})


def _long_tokens(after: Policy, *, actor: Actor, at: datetime) -> Iterator[Consequence]:
    longest = at + after.token_max_age
    names = [f"{t.name} ({t.prefix}…)" for t in _tokens(actor, at=at) if t.expires_at > longest]
    if names:
        words = ngettext(
            "%(n)s API token lives longer than that. It keeps its end; revoke it to end it sooner.",
            "%(n)s API tokens live longer than that. They keep their ends; revoke them to end them "
            "sooner.",
            len(names),
        )
        yield _consequence(words, names, len(names))


def _tokens(actor: Actor, *, at: datetime) -> Any:
    return ApiToken.objects.visible_to(actor).usable(at=at).order_by("name", "id")


def _invitations_elsewhere(after: Policy, *, actor: Actor, at: datetime) -> Iterator[Consequence]:
    allowed = frozenset(after.invitation_domains)
    rows = Invitation.objects.visible_to(actor).open(at=at).order_by("email")
    names = [row.email for row in rows if allowed and row.email.rpartition("@")[2] not in allowed]
    if names:
        words = ngettext(
            "%(n)s open invitation went to another domain. It still works; cancel it if it "
            "should not.",
            "%(n)s open invitations went to other domains. They still work; cancel those that "
            "should not.",
            len(names),
        )
        yield _consequence(words, names, len(names))


def _too_few(before: Policy, after: Policy, *, at: datetime) -> Iterator[Consequence]:
    """Rules that need more people than there are: a promise that nobody could keep."""
    needs = []
    if after.approval_quorum > before.approval_quorum:
        needs.append(
            (Permission.GRANT_DECIDE, after.approval_quorum, _("approve diagnostic access"))
        )
    if after.second_person_for_deletion and not before.second_person_for_deletion:
        needs.append((Permission.DELETION_FILE, 2, _("confirm a deletion")))
    held = standings(at=at) if needs else {}
    for permission, wanted, what in needs:
        right = Right(RightKind.PERMISSION, permission.value)
        count = sum(1 for rights in held.values() if right in rights)
        if count < wanted:
            words = ngettext(
                "Only %(n)s person may %(what)s, and %(wanted)s are needed.",
                "Only %(n)s people may %(what)s, and %(wanted)s are needed.",
                count,
            )
            yield Consequence(words % {"n": count, "what": what, "wanted": wanted}, is_grave=True)
