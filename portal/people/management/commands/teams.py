"""Teams: made, named and deleted, who is in them, and what they see, after a look at the effect."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit.refusals import NotPermitted
from portal.access.asking import asked_member, asked_resource
from portal.access.effects import rehearse
from portal.catalog.actions import set_team_access
from portal.catalog.models import Integration, Resource
from portal.catalog.rules import Level
from portal.people.actions.many import change_places
from portal.people.bulk import Change, Do
from portal.people.commanding import (
    add_people,
    asked_people,
    asked_team,
    carried_out,
    change_many,
    checked,
    difference_lines,
    tell_effect,
)
from portal.people.forms.teams import DescriptionForm, TeamForm
from portal.people.listing import TEAM_ORDER, places_in, teams_for
from portal.people.serializers.teams import OpenedOutput, PlaceOutput, TeamOutput
from portal.people.team_rights import access_change, ends_with, opened_by
from tenants.actions.teams import (
    change_team,
    create_team,
    delete_team,
    describe_team,
    leads,
    set_team_lead,
    set_team_permissions,
)
from tenants.commanding import (
    EXIT_CODES,
    Call,
    Verb,
    VerbsCommand,
    add_dry_run,
    add_preview,
    echoed,
    unusable,
)
from tenants.models import Membership, Team
from tenants.permissions import Permission
from tenants.rights import known

NO_ACCESS = "none"


def _list(call: Call) -> None:
    rows = teams_for(call.actor).order_by(*TEAM_ORDER)
    for row in rows:
        call.answer(TeamOutput(row).data, _line(row))
    if not call.as_json:
        call.say(f"{len(rows)} found.")


def _line(row: Any) -> str:
    noun = "member" if row.size == 1 else "members"
    said = f"{row.name} ({row.visibility}): {row.size} {noun}"
    return f"{said}; {row.description}" if row.description else said


def _show(call: Call) -> None:
    team = _seen(asked_team(call.given["team"], call.actor), call)
    opened, hidden = opened_by(team, call.actor)
    places = places_in(team)
    facts = {
        **TeamOutput(team).data,
        "people": PlaceOutput(places, many=True).data,
        "access": OpenedOutput(opened, many=True).data,
        "more": hidden,
    }
    call.answer(facts, _line(team))
    if call.as_json:
        return
    for place in places:
        lead = " (leads it)" if place.is_lead else ""
        call.say(f"  {place.membership} <{place.membership.email}>{lead}")
    for each in opened:
        call.say(f"  {each.kind} {each.name}: {each.level_label}")
    for permission in sorted(known(team.permissions)):
        call.say(f"  allows {permission}")
    if hidden:
        call.say(f"  and {hidden} more that you may not know of")


def _seen(team: Team, call: Call) -> Team:
    """With what the list shows of it."""
    found: Team = teams_for(call.actor).get(pk=team.pk)
    return found


def _create(call: Call) -> None:
    given = {name: call.given[name] for name in ("name", "description", "visibility")}
    data = checked(TeamForm(given, actor=call.actor))

    def change() -> Team:
        return create_team(actor=call.actor, at=call.at, **data)

    if call.is_rehearsed:
        tell_effect(rehearse(change, at=call.at), call, said="")
        return
    team = _seen(change(), call)
    call.answer(TeamOutput(team).data, f"The team {team.name} is there.")


def _edit(call: Call) -> None:
    """Everything for those who manage teams; its leads say what it is for, and no more."""
    team, actor = asked_team(call.given["team"], call.actor), call.actor
    kept = {name: getattr(team, name) for name in ("name", "description", "visibility")}
    wanted = {name: call.given[name] for name in kept if call.given[name] is not None}
    if not wanted:
        unusable("Say what to change: --name, --description or --visibility.")
    if wanted.keys() == {"description"}:
        data = checked(DescriptionForm(wanted, actor=actor))
        carried_out(lambda: describe_team(team, actor=actor, **data), call, said=_changed(team))
        return
    data = checked(TeamForm({**kept, **wanted}, actor=actor))
    carried_out(lambda: change_team(team, actor=actor, **data), call, said=_changed(team))


def _changed(team: Team) -> str:
    return f"The team {team} was changed."


def _delete(call: Call) -> None:
    team = asked_team(call.given["team"], call.actor)
    also = [line for _heading, lines in ends_with(team) for line in lines]

    def change() -> None:
        delete_team(team, actor=call.actor)

    said = f"The team {team.name} is gone."
    carried_out(change, call, said=said, lines=also, more={"also": also})


def _add(call: Call) -> None:
    team = _placed_by(call)
    seen = Membership.objects.visible_to(call.actor)
    people = asked_people(call.given["people"], seen)
    change_many(people, Change(Do.TEAM_ADD, team), call, act=change_places)


def _remove(call: Call) -> None:
    """Whoever sees the team sees who is in it."""
    team = _placed_by(call)
    people = asked_people(call.given["people"], Membership.objects.filter(places__team=team))
    change_many(people, Change(Do.TEAM_REMOVE, team), call, act=change_places)


def _placed_by(call: Call) -> Team:
    team = asked_team(call.given["team"], call.actor)
    if not call.actor.may(Permission.TEAM_MANAGE) and not leads(call.actor, team):
        raise NotPermitted("Only the leads of this team and admins may do this.")
    return team


def _lead(call: Call) -> None:
    team = asked_team(call.given["team"], call.actor)
    member = asked_member(call.given["person"], Membership.objects.filter(places__team=team))
    is_lead = not call.given["no_longer"]

    def change() -> Any:
        return set_team_lead(team, actor=call.actor, membership=member, is_lead=is_lead)

    leading = "leads the team" if is_lead else "no longer leads the team"
    carried_out(change, call, said=f"{member} {leading}.")


def _access(call: Call) -> None:
    given, actor = call.given, call.actor
    team = asked_team(given["team"], actor)
    thing: Integration | Resource
    if given["integration"]:
        thing = _integration(given["integration"], call)
    else:
        thing = asked_resource(given["resource"], Resource.objects.visible_to(actor))
    level = "" if given["level"] == NO_ACCESS else given["level"]
    change = access_change(team, thing, level, actor=actor)
    may = str(Level(level).label).lower() if level else "no access"
    carried_out(change, call, said=f"{team} on {thing.name}: {may}.")


def _integration(given: str, call: Call) -> Integration:
    try:
        wanted = Q(pk=UUID(given))
    except ValueError:
        wanted = Q(name=given)
    rows = Integration.objects.visible_to(call.actor).filter(wanted)
    found: Integration | None = rows.order_by("pk").first()
    if found is None:
        unusable(f"There is no integration {echoed(given)}.")
    return found


def _allow(call: Call) -> None:
    team, actor = asked_team(call.given["team"], call.actor), call.actor
    wanted = set(call.given["permission"])

    def change() -> Team:
        return set_team_permissions(team, actor=actor, version=team.version, permissions=wanted)

    lines = difference_lines(known(team.permissions), known(wanted))
    carried_out(change, call, said=_changed(team), lines=lines)


def _team(parser: ArgumentParser) -> None:
    parser.add_argument("team", help="its name or id")


def _person(parser: ArgumentParser) -> None:
    parser.add_argument("person", help="e-mail address or id")
    parser.add_argument("--no-longer", action="store_true", help="no longer leads it")


def _new(parser: ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument("--description", default="")
    parser.add_argument(
        "--visibility", default=Team.Visibility.PUBLIC.value, choices=Team.Visibility.values
    )


def _values(parser: ArgumentParser) -> None:
    parser.add_argument("--name")
    parser.add_argument("--description")
    parser.add_argument("--visibility", choices=Team.Visibility.values)


def _given(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--integration", default="", help="its name or id")
    either.add_argument("--resource", default="", help="its name, key or id")
    parser.add_argument("--level", required=True, choices=[*Level.values, NO_ACCESS])


def _permissions(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--permission", action="append", default=[], help="all that it allows; none empties it"
    )


VIEW, CHANGED = Permission.TEAM_VIEW, (_team, _values, add_preview)


class Command(VerbsCommand):
    help = f"List and change the teams of an organization. {EXIT_CODES}"
    verbs = (
        Verb("list", VIEW, "which teams there are", _list),
        Verb("show", VIEW, "who is in a team, and what it sees", _show, (_team,)),
        Verb("create", create_team.permission, "make a team", _create, (_new, add_dry_run)),
        # What more it takes, the actions ask: its leads may do some of it.
        Verb("edit", VIEW, "rename, describe, show or hide a team", _edit, CHANGED),
        Verb("delete", delete_team.permission, "delete a team", _delete, (_team, add_preview)),
        Verb("add", VIEW, "put people into a team", _add, (_team, add_people, add_preview)),
        Verb("remove", VIEW, "take people out", _remove, (_team, add_people, add_preview)),
        Verb(
            "lead",
            set_team_lead.permission,
            "let somebody in the team lead it, or no longer",
            _lead,
            (_team, _person, add_preview),
        ),
        Verb(
            "access",
            set_team_access.permission,
            "give an integration or a resource to a team, or take it away",
            _access,
            (_team, _given, add_preview),
        ),
        Verb(
            "allow",
            set_team_permissions.permission,
            "decide what being in the team allows",
            _allow,
            (_team, _permissions, add_preview),
        ),
    )
