"""The policy: shown, and changed after a look at what the change leads to."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from portal.people.actions.many import PreviewOvertaken
from portal.people.commanding import asked_team, ending_lines, in_earnest
from portal.people.foreseen import Consequence, Foreseen, foresee_policy
from portal.people.policies import shown_policy, spans, written
from portal.people.serializers.policies import ConsequenceOutput, PolicyInput, PolicyOutput
from tenants.actions.policies import change_policy
from tenants.commanding import EXIT_CODES, Call, Verb, VerbsCommand, add_preview, echoed, unusable
from tenants.models import Policy
from tenants.permissions import Permission

LISTS = frozenset({"default_teams", "invitation_domains"})


def _show(call: Call) -> None:
    facts = PolicyOutput(shown_policy(Policy.objects.get(), call.actor, at=call.at)).data
    if call.as_json:
        call.answer(facts, "")
        return
    for name, value in facts.items():
        call.say(f"{name}: {_worded(value)}")


def _worded(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _set(call: Call) -> None:
    """Two steps, as on the page: what the change would lead to, then the change."""
    policy, actor, wanted = Policy.objects.get(), call.actor, _read(call)
    before = {**written(policy), "default_teams": ""}

    def change() -> Policy:
        return change_policy(policy, actor=actor, version=policy.version, **spans(wanted))

    with in_earnest(call):
        foreseen = foresee_policy(change, actor=actor, at=call.at)
    digest = call.given["digest"]
    if digest and digest != foreseen.digest:
        raise PreviewOvertaken(_("Something changed meanwhile. Look again, then decide."))
    if not call.is_rehearsed:
        change()
    typed = {name: value for name, _sign, value in map(_parted, call.given["values"])}
    _tell(call, foreseen, before=before, after=typed)


def _tell(
    call: Call, foreseen: Foreseen, *, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    changed = [name for name, _new in foreseen.changes]
    if call.as_json:
        facts = {
            "done": not call.is_rehearsed,
            "digest": foreseen.digest,
            "changed": changed,
            "consequences": ConsequenceOutput(foreseen.consequences, many=True).data,
        }
        call.answer(facts, "")
        return
    for name in changed:
        old = f" (was {_worded(before[name])})" if _worded(before[name]) else ""
        call.say(f"{name}: {after[name]}{old}")
    for each in foreseen.consequences:
        call.say(_line(each))
    if not changed:
        call.say("Nothing is another by it.")
    for line in ending_lines(call, "The policies are in force.", foreseen.digest):
        call.say(line)


def _line(each: Consequence) -> str:
    names = [*each.names, *([f"{each.more} more"] if each.more else [])]
    grave = "! " if each.is_grave else "  "
    return f"{grave}{each.words}" + (f" {', '.join(names)}" if names else "")


def _read(call: Call) -> dict[str, Any]:
    """NAME=VALUE pairs as the API would take them."""
    given = dict(_pairs(call))
    if len(given) != len(call.given["values"]):
        unusable("A name stands there twice.")
    form = PolicyInput(data=given)
    if not form.is_valid():
        unusable("\n".join(f"{name}: {_first(said)}" for name, said in form.errors.items()))
    data: dict[str, Any] = dict(form.validated_data)
    return data


def _pairs(call: Call) -> Iterator[tuple[str, Any]]:
    for text in call.given["values"]:
        name, sign, value = _parted(text)
        if not sign:
            unusable(f"Write {echoed(text)} as NAME=VALUE.")
        if name not in LISTS:
            yield name, value
            continue
        parts = [part.strip() for part in value.split(",") if part.strip()]
        is_teams = name == "default_teams"
        yield name, [str(asked_team(part, call.actor).pk) for part in parts] if is_teams else parts


def _parted(text: str) -> tuple[str, str, str]:
    return text.partition("=")


def _first(said: Any) -> str:
    """The first of an error's sentences, however deep it lies."""
    while isinstance(said, list | dict):
        said = next(iter(said.values() if isinstance(said, dict) else said))
    return str(said)


def _values(parser: ArgumentParser) -> None:
    parser.add_argument(
        "values",
        nargs="+",
        metavar="NAME=VALUE",
        help="in the units that show tells; lists with commas, nothing after = empties one",
    )


class Command(VerbsCommand):
    help = f"Show and change the policy of an organization. {EXIT_CODES}"
    verbs = (
        Verb("show", Permission.POLICY_VIEW, "what the workspace asks of everybody", _show),
        Verb(
            "set",
            change_policy.permission,
            "change one or several values together",
            _set,
            (_values, add_preview),
        ),
    )
