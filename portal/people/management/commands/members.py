"""Members: listed, and changed one by one or many at once after a look at the effect."""

from argparse import ArgumentParser

from portal.access.asking import asked_member
from portal.people.actions.many import change_people
from portal.people.actions.standing import let_in_again
from portal.people.bulk import Change, Do
from portal.people.commanding import (
    add_people,
    asked_people,
    asked_role,
    asked_team,
    carried_out,
    change_many,
    checked,
    filtered,
)
from portal.people.ends import end_of_day
from portal.people.forms.members import MemberFilter
from portal.people.forms.standing import SuspensionForm
from portal.people.member_listing import ORDERS, USES, members_for, narrowed
from portal.people.serializers.members import MemberOutput
from tenants.actions.ends import set_access_end
from tenants.actions.guards import least_role, named_role
from tenants.actions.suspending import suspend_member
from tenants.commanding import (
    EXIT_CODES,
    Call,
    Verb,
    VerbsCommand,
    add_preview,
    day,
)
from tenants.models import Membership
from tenants.models.membership import MembershipQuerySet
from tenants.permissions import Permission

AT_ONCE = 500


def _filters(parser: ArgumentParser) -> None:
    parser.add_argument("--search", default="", metavar="TEXT", help="in name and address")
    parser.add_argument("--role", default="", help="a built-in role, or one made here by name")
    parser.add_argument("--team", default="", help="its name or id")
    parser.add_argument("--status", default="", choices=Membership.Status.values)
    parser.add_argument("--source", default="", choices=Membership.Source.values)
    parser.add_argument(
        "--use", default="", choices=list(USES), help="never: never signed in; unused: for long"
    )
    parser.add_argument("--sort", default="name", choices=list(ORDERS))


def _list(call: Call) -> None:
    given, actor = call.given, call.actor
    wanted = filtered(
        MemberFilter,
        call,
        q=given["search"],
        role=given["role"] and asked_role(given["role"], actor),
        team=given["team"] and str(asked_team(given["team"], actor).pk),
        **{name: given[name] for name in ("status", "source", "use")},
    )
    rows = narrowed(members_for(actor), wanted, actor=actor, at=call.at)
    count = 0
    for row in rows.order_by(*ORDERS[given["sort"]]).iterator(chunk_size=AT_ONCE):
        count += 1
        call.answer(MemberOutput(row).data, _line(row))
    if not call.as_json:
        call.say(f"{count} found.")


def _line(row: Membership) -> str:
    seen = f"{row.last_seen_at:%Y-%m-%d %H:%M} UTC" if row.last_seen_at else "never"
    teams = ", ".join(place.team.name for place in row.seen_places)  # type: ignore[attr-defined]
    parts = [row.role_label, str(row.get_status_display()).lower(), f"last seen {seen}"]
    if teams:
        parts.append(f"in {teams}")
    if row.access_ends_at:
        parts.append(f"access ends {row.access_ends_at:%Y-%m-%d %H:%M} UTC")
    return f"{row.name} <{row.email}>: {'; '.join(parts)}"


def _changed(call: Call, change: Change) -> None:
    people = asked_people(call.given["people"], _seen(call))
    change_many(people, change, call, act=change_people)


def _seen(call: Call) -> MembershipQuerySet:
    return Membership.objects.visible_to(call.actor)


def _role(call: Call) -> None:
    _changed(call, Change(Do.ROLE, role=asked_role(call.given["role"], call.actor)))


def _move(call: Call) -> None:
    _changed(call, Change(Do.TEAM_ADD, team=asked_team(call.given["team"], call.actor)))


def _take_out(call: Call) -> None:
    _changed(call, Change(Do.TEAM_REMOVE, team=asked_team(call.given["team"], call.actor)))


def _revoke(call: Call) -> None:
    reason = checked(SuspensionForm({"reason": call.given["reason"]}, actor=call.actor))["reason"]
    call.actor.require_step_up(at=call.at)
    _changed(call, Change(Do.REVOKE, reason=reason))


def _suspend(call: Call) -> None:
    reason = checked(SuspensionForm({"reason": call.given["reason"]}, actor=call.actor))["reason"]
    member = asked_member(call.given["person"], _seen(call))

    def change() -> Membership:
        return suspend_member(member, actor=call.actor, at=call.at, reason=reason)

    said = f"Access of {member} is blocked until somebody lets them in again."
    carried_out(change, call, said=said)


def _reinstate(call: Call) -> None:
    member = asked_member(call.given["person"], _seen(call))
    least = least_role(call.actor.organization)
    role = asked_role(call.given["role"] or least, call.actor)

    def change() -> Membership:
        return let_in_again(member, actor=call.actor, at=call.at, **named_role(role))

    carried_out(change, call, said=f"{member} may come in again.")


def _end(call: Call) -> None:
    member = asked_member(call.given["person"], _seen(call))
    ends_at = end_of_day(call.given["on"])

    def change() -> Membership:
        return set_access_end(member, actor=call.actor, at=call.at, ends_at=ends_at)

    until = f"ends {ends_at:%Y-%m-%d %H:%M} UTC" if ends_at else "has no end"
    carried_out(change, call, said=f"Access of {member} {until}.", more={"access_ends_at": ends_at})


def _one(parser: ArgumentParser) -> None:
    parser.add_argument("person", help="e-mail address or id")


def _new_role(parser: ArgumentParser) -> None:
    parser.add_argument("--role", required=True, help="a built-in role, or one made here by name")


def _role_back(parser: ArgumentParser) -> None:
    parser.add_argument("--role", default="", help="to come back with; the least if left out")


def _team(parser: ArgumentParser) -> None:
    parser.add_argument("--team", required=True, help="its name or id")


def _reason(parser: ArgumentParser) -> None:
    parser.add_argument("--reason", default="", help="for the log")


def _ending(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument(
        "--on", type=day, metavar="DAY", help="such as 2027-03-31, at its end in UTC"
    )
    either.add_argument("--never", action="store_true", help="access has no end any more")


class Command(VerbsCommand):
    help = f"List and change the members of an organization. {EXIT_CODES}"
    verbs = (
        Verb("list", Permission.MEMBER_VIEW, "who is here", _list, (_filters,)),
        Verb(
            "role",
            change_people.permission,
            "give people another role",
            _role,
            (add_people, _new_role, add_preview),
        ),
        Verb(
            "move",
            change_people.permission,
            "put people into a team",
            _move,
            (add_people, _team, add_preview),
        ),
        Verb(
            "take-out",
            change_people.permission,
            "take people out of a team",
            _take_out,
            (add_people, _team, add_preview),
        ),
        Verb(
            "suspend",
            suspend_member.permission,
            "block access until somebody lets them in again",
            _suspend,
            (_one, _reason, add_preview),
        ),
        Verb(
            "reinstate",
            let_in_again.permission,
            "let a suspended person in again",
            _reinstate,
            (_one, _role_back, add_preview),
        ),
        Verb(
            "end",
            set_access_end.permission,
            "set the day on which access ends by itself, or lift it",
            _end,
            (_one, _ending, add_preview),
        ),
        Verb(
            "revoke",
            change_people.permission,
            "block access and open the request that proves its end",
            _revoke,
            (add_people, _reason, add_preview),
        ),
    )
