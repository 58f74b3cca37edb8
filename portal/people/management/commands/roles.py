"""Roles: the built-in ones and those made here, changed after a look at the difference."""

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from typing import Any

from portal.access.effects import rehearse
from portal.people.commanding import (
    asked_custom_role,
    asked_role,
    carried_out,
    difference_lines,
    tell_effect,
)
from portal.people.forms.roles import roles_of
from portal.people.listing import holders
from portal.people.serializers.roles import RoleOutput
from tenants.actions.roles import create_role, delete_role, edit_role
from tenants.commanding import (
    EXIT_CODES,
    Call,
    Verb,
    VerbsCommand,
    add_dry_run,
    add_preview,
    unusable,
)
from tenants.models import Role
from tenants.permissions import PERMISSION_LABELS, ROLE_PERMISSIONS, BuiltInRole, Permission
from tenants.rights import known


def _list(call: Call) -> None:
    counts = holders(at=call.at)
    for facts in _known(call):
        facts["people"] = counts[str(facts["id"] or facts["key"])]
        call.answer(facts, _line(facts))


def _known(call: Call) -> Iterable[dict[str, Any]]:
    """Built-in ones, then those made here, by name."""
    for role in BuiltInRole:
        if role in roles_of(call.actor):
            yield _built_in(role)
    for made in Role.objects.visible_to(call.actor).order_by("name"):
        yield {"key": f"custom:{made.pk}", **RoleOutput(made).data}


def _built_in(role: BuiltInRole) -> dict[str, Any]:
    return {
        "key": role.value,
        "id": None,
        "name": str(role.label),
        "description": "",
        "permissions": sorted(ROLE_PERMISSIONS[role]),
    }


def _line(facts: Mapping[str, Any]) -> str:
    kind = "made here" if facts["id"] else "built in"
    people = "1 person" if facts["people"] == 1 else f"{facts['people']} people"
    return f"{facts['name']} ({kind}): {people}, {len(facts['permissions'])} permissions"


def _show(call: Call) -> None:
    key = asked_role(call.given["role"], call.actor)
    facts = next(each for each in _known(call) if each["key"] == key)
    facts["people"] = holders(at=call.at)[str(facts["id"] or facts["key"])]
    call.answer(facts, _line(facts))
    if not call.as_json:
        for permission in facts["permissions"]:
            call.say(f"  {permission}: {PERMISSION_LABELS[Permission(permission)]}")


def _create(call: Call) -> None:
    given, actor = call.given, call.actor
    wanted = set(given["permission"])
    if given["copy"]:
        wanted |= set(_permissions_of(given["copy"], call))

    def change() -> Role:
        return create_role(
            actor=actor,
            name=given["name"],
            description=given["description"],
            permissions=wanted,
        )

    if call.is_rehearsed:
        lines = difference_lines(frozenset(), known(wanted))
        tell_effect(rehearse(change, at=call.at), call, said="", lines=lines)
        return
    made = change()
    call.answer(RoleOutput(made).data, f"The role {made} is there.")


def _permissions_of(given: str, call: Call) -> list[str]:
    key = asked_role(given, call.actor)
    return next(each["permissions"] for each in _known(call) if each["key"] == key)


def _edit(call: Call) -> None:
    """The difference in permissions first, then who gains and loses what by it."""
    given, actor = call.given, call.actor
    role = asked_custom_role(given["role"], Role.objects.visible_to(actor))
    wanted = _wanted(role, given)
    if given["name"] is None and given["description"] is None and wanted is None:
        unusable("Say what to change: --add, --remove, --permission, --name or --description.")

    def change() -> Role:
        return edit_role(
            role,
            actor=actor,
            version=role.version,
            name=given["name"],
            description=given["description"],
            permissions=wanted,
        )

    before = role.held()
    after = before if wanted is None else known(wanted)
    more = {"added": sorted(after - before), "removed": sorted(before - after)}
    lines = difference_lines(before, after)
    carried_out(change, call, said=f"The role {role} was changed.", lines=lines, more=more)


def _wanted(role: Role, given: Mapping[str, Any]) -> set[str] | None:
    """All that the role is to allow; None when nothing was said about it."""
    if given["permission"]:
        return set(given["permission"])
    if not given["add"] and not given["remove"]:
        return None
    return (set(role.permissions) | set(given["add"])) - set(given["remove"])


def _delete(call: Call) -> None:
    role = asked_custom_role(call.given["role"], Role.objects.visible_to(call.actor))

    def change() -> None:
        delete_role(role, actor=call.actor)

    carried_out(change, call, said=f"The role {role.name} is gone.")


def _role(parser: ArgumentParser) -> None:
    parser.add_argument("role", help="its name, or its id")


def _new(parser: ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument("--description", default="")
    parser.add_argument("--permission", action="append", default=[], help="may be repeated")
    parser.add_argument("--copy", default="", metavar="ROLE", help="what this role allows, too")


def _values(parser: ArgumentParser) -> None:
    parser.add_argument("--name")
    parser.add_argument("--description")
    parser.add_argument("--add", action="append", default=[], metavar="PERMISSION")
    parser.add_argument("--remove", action="append", default=[], metavar="PERMISSION")
    parser.add_argument(
        "--permission", action="append", default=[], help="exactly these, in place of --add"
    )


VIEW = Permission.ROLE_VIEW


class Command(VerbsCommand):
    help = f"List and change the roles of an organization. {EXIT_CODES}"
    verbs = (
        Verb("list", VIEW, "which roles there are, and how many have them", _list),
        Verb("show", VIEW, "what a role allows", _show, (_role,)),
        Verb("create", create_role.permission, "make a role", _create, (_new, add_dry_run)),
        Verb("edit", edit_role.permission, "change a role", _edit, (_role, _values, add_preview)),
        Verb(
            "delete",
            delete_role.permission,
            "delete a role that nobody holds",
            _delete,
            (_role, add_preview),
        ),
    )
