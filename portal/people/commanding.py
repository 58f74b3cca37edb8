"""What the commands about people share: whom and what was named, and an effect in lines."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import Q

from audit.refusals import Refusal
from portal.access.asking import asked_member
from portal.access.effects import Effect
from portal.access.serializers import EffectOutput
from portal.access.showing import ShownEffect, ShownPerson, ShownRights, shown_effect
from portal.people.bulk import MOST, Change, Outcome, foresee
from portal.people.serializers.many import ManyOutput
from portal.people.team_rights import as_shown
from portal.ui.forms import ActorForm, FilterForm
from tenants.access import Actor, record_refusal
from tenants.commanding import REFUSED, Call, echoed, refuse_control, unusable
from tenants.models import Membership, Role, ServiceAccount, Team
from tenants.models.membership import MembershipQuerySet
from tenants.permissions import CUSTOMER_ROLES, PERMISSION_LABELS, VENDOR_ROLES, Permission

# Fields of the pages' forms whose option has another name.
OPTIONS = {"q": "search"}


def asked_team(given: str, actor: Actor) -> Team:
    """By id or name, among those the actor may know of."""
    found: Team = _named(given, Team.objects.visible_to(actor), what="team")
    return found


def asked_service_account(given: str, actor: Actor) -> ServiceAccount:
    """By id or name, among those that are still there."""
    rows = ServiceAccount.objects.visible_to(actor).filter(deleted_at=None)
    found: ServiceAccount = _named(given, rows, what="service account")
    return found


def _named(given: str, rows: Any, *, what: str) -> Any:
    try:
        wanted = Q(pk=UUID(given))
    except ValueError:
        wanted = Q(name=given)
    found = rows.filter(wanted).first()
    if found is None:
        unusable(f"There is no {what} {echoed(given)}.")
    return found


def asked_role(given: str, actor: Actor) -> str:
    """The name that actions know it by: of a built-in role, or `custom:` and an id."""
    here = VENDOR_ROLES if actor.organization.is_vendor else CUSTOMER_ROLES
    for role in here:
        if given.casefold() in {role.value, str(role.label).casefold()}:
            return role.value
    return f"custom:{asked_custom_role(given, Role.objects.all()).pk}"


def asked_custom_role(given: str, rows: Any) -> Role:
    """A role made here, by id, by `custom:` and its id, or by name."""
    try:
        wanted = Q(pk=UUID(given.removeprefix("custom:")))
    except ValueError:
        wanted = Q(name__iexact=given)
    found: Role | None = rows.filter(wanted).first()
    if found is None:
        unusable(f"There is no role {echoed(given)}.")
    return found


def add_people(parser: ArgumentParser) -> None:
    parser.add_argument(
        "people", nargs="+", metavar="person", help="e-mail address or id; - reads them by line"
    )


def asked_people(given: Sequence[str], seen: MembershipQuerySet) -> list[Membership]:
    """Everybody named, once each, by name; one who is not among these stops the whole."""
    named = {one: asked_member(one, seen) for one in by_line(given)}
    found = {each.pk: each for each in named.values()}
    return sorted(found.values(), key=lambda each: (each.name, each.pk))


def by_line(given: Sequence[str]) -> list[str]:
    """The words given, and for a `-` the lines of standard input: as many as the page takes."""
    found = list(islice(_words(given), MOST + 1))
    if not found:
        unusable("Nobody was named.")
    if len(found) > MOST:
        unusable(f"At most {MOST} at once.")
    return found


def _words(given: Sequence[str]) -> Iterator[str]:
    for one in given:
        if one == "-":
            yield from _typed()
        else:
            yield one


def _typed() -> Iterator[str]:
    try:
        for line in sys.stdin:
            refuse_control("-", line.strip())
            if line.strip():
                yield line.strip()
    except UnicodeDecodeError:
        unusable("-: Standard input is not UTF-8.")


def stopped_by(refused: int) -> None:
    """Ends the command with its exit code when some stay as they are, after all was told."""
    if refused:
        noun = "one stays" if refused == 1 else f"{refused} stay"
        raise CommandError(f"{noun.capitalize()} as before.", returncode=REFUSED)


def checked(form: ActorForm) -> dict[str, Any]:
    """What the page's form makes of what was given, or the reasons why nothing."""
    if not form.is_valid():
        lines = [
            f"{OPTIONS.get(name, name)}: {' '.join(map(str, said))}"
            for name, said in form.errors.items()
        ]
        unusable("\n".join(lines))
    return form.cleaned_data


def filtered(form: type[FilterForm], call: Call, /, **wanted: str) -> dict[str, Any]:
    """The page's filters with what was given; those not given are left out."""
    return checked(form({name: value for name, value in wanted.items() if value}, actor=call.actor))


@contextmanager
def in_earnest(call: Call) -> Iterator[None]:
    """Around a rehearsal: what it refuses was asked for, and is written down as an attempt.

    Unless no more than the rehearsal was asked for.
    """
    try:
        yield
    except Refusal as refusal:
        if not call.is_rehearsed:
            record_refusal(refusal, actor=call.actor, verb=call.verb)
        raise


def carried_out(
    change: Callable[[], Any],
    call: Call,
    *,
    said: str,
    lines: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
) -> None:
    """Tell what the change does to everybody's access, and make it unless it is only rehearsed.

    Raises PreviewOvertaken when the effect is another than the digest given names.
    """
    digest = call.given["digest"]
    with in_earnest(call):
        effect = as_shown(change, at=call.at, digest=digest)
    if not digest and not call.is_rehearsed:
        change()
    tell_effect(effect, call, said=said, lines=lines, more=more)


def tell_effect(
    effect: Effect,
    call: Call,
    *,
    said: str,
    lines: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
) -> None:
    """The effect, under the lines about what else is another."""
    shown = shown_effect(effect, call.actor, most=MOST)
    if call.as_json:
        facts = {"done": not call.is_rehearsed, "digest": shown.digest, **(more or {})}
        call.answer({**facts, "effect": EffectOutput(shown).data}, "")
        return
    for line in (*lines, *effect_lines(shown), *ending_lines(call, said, shown.digest)):
        call.say(line)


def difference_lines(before: frozenset[Permission], after: frozenset[Permission]) -> list[str]:
    """The editor's difference: what is allowed from then on, and what no longer."""
    added = [f"+ {one}: {label}" for one, label in _labelled(after - before)]
    return added + [f"- {one}: {label}" for one, label in _labelled(before - after)]


def _labelled(permissions: frozenset[Permission]) -> list[tuple[str, str]]:
    return [(one.value, str(PERMISSION_LABELS[one])) for one in sorted(permissions)]


Act = Callable[..., Outcome]


def change_many(people: list[Membership], change: Change, call: Call, *, act: Act) -> None:
    """Many people, shown first and done exactly as shown by the action given."""
    outcome = _outcome(people, change, call, act=act)
    _tell_outcome(call, outcome)
    stopped_by(len(outcome.refused))


def _outcome(people: list[Membership], change: Change, call: Call, *, act: Act) -> Outcome:
    actor, at = call.actor, call.at
    if call.is_rehearsed:
        return foresee(people, change, actor=actor, at=at)
    digest = call.given["digest"] or foresee(people, change, actor=actor, at=at).digest
    return act(people, change, actor=actor, at=at, digest=digest)


def _tell_outcome(call: Call, outcome: Outcome) -> None:
    effect = shown_effect(outcome.effect, call.actor, most=MOST)
    if call.as_json:
        done = not call.is_rehearsed
        facts = ManyOutput({"outcome": outcome, "effect": effect, "done": done}).data
        call.answer(facts, "")
        return
    for line in outcome.refused:
        call.say(f"{line.member} <{line.member.email}> stays as they are: {line.refusal}")
    for said in effect_lines(effect):
        call.say(said)
    for said in many_lines(call, outcome):
        call.say(said)


class Many(Protocol):
    """What a change of many comes to, whatever they are."""

    @property
    def label(self) -> str: ...
    @property
    def done(self) -> Sequence[Any]: ...
    @property
    def refused(self) -> Sequence[Any]: ...
    @property
    def digest(self) -> str: ...


def many_lines(call: Call, outcome: Many) -> Iterator[str]:
    would = "would be done" if call.is_rehearsed else "done"
    yield f"{outcome.label}: {len(outcome.done)} {would}, {len(outcome.refused)} not."
    if call.is_rehearsed:
        yield from ending_lines(call, "", outcome.digest)


def ending_lines(call: Call, said: str, digest: str) -> Iterator[str]:
    """What was done; or that nothing was, and how to have exactly this done."""
    if not call.is_rehearsed:
        yield said
        return
    exactly = f" To do exactly this: --digest {digest}" if "digest" in call.given else ""
    yield f"Nothing was done.{exactly}"


def effect_lines(shown: ShownEffect) -> Iterator[str]:
    yield shown.summary
    for each in shown.people:
        yield f"  {each.member} <{each.member.email}>: {'; '.join(_changes(each))}"
    if shown.more:
        yield f"  and {shown.more} more"


def _changes(each: ShownPerson) -> Iterator[str]:
    if each.comes_in:
        yield "comes in"
    if each.is_shut_out:
        yield "loses all access"
    if each.gained:
        yield f"gains {_rights(each.gained)}"
    if each.lost:
        yield f"loses {_rights(each.lost)}"


def _rights(rights: ShownRights) -> str:
    named = [f"{each.words} ({each.name})" if each.name else each.words for each in rights.named]
    more = [f"{rights.more} more"] if rights.more else []
    return ", ".join([*named, *more])
