"""Requests: listed, shown, filed and decided about, as on their pages."""

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from portal.access.asking import asked_member
from portal.people.commanding import asked_service_account, asked_team, checked
from portal.tickets.actions import (
    Evidence,
    cancel_revocation,
    complete_step,
    confirm_deletion,
    file_deletion,
    file_revocation,
    file_team_revocation,
    hasten_revocation,
    retry_ticket,
    reverse_revocation,
    withdraw_deletion,
)
from portal.tickets.disposing import Choice, Do, Thing, owned_by
from portal.tickets.list_forms import TicketFilterForm
from portal.tickets.listing import ORDERS, VIEWS, Look, tickets_for
from portal.tickets.models import Finding, Part, Step, Tally, Ticket
from portal.tickets.rules import OF_REVOCATION, Kind, Scope, Status, StepStatus
from portal.tickets.serializers import EvidenceOutput, TicketOutput
from portal.tickets.showing import title_of
from portal.tickets.subjects import Wish
from portal.tickets.team_revoking import revoke_team
from tenants.commanding import (
    EXIT_CODES,
    Call,
    Verb,
    VerbsCommand,
    add_dry_run,
    echoed,
    unusable,
)
from tenants.models import Membership
from tenants.permissions import Permission

AT_ONCE = 500
Change = Callable[[], Ticket]


def _filters(parser: ArgumentParser) -> None:
    parser.add_argument("--search", default="", metavar="TEXT", help="number, name or reason")
    parser.add_argument("--kind", default="", choices=Kind.values)
    parser.add_argument("--status", default="", choices=Status.values)
    parser.add_argument("--scope", default="", choices=Scope.values)
    parser.add_argument("--view", default="", choices=list(VIEWS), help="by clock")
    parser.add_argument("--source", default="", help="how it was filed, such as directory")
    parser.add_argument("--person", default="", help="about whom: name, address or id")
    parser.add_argument("--requester", default="", help="who filed it: name, address or id")
    parser.add_argument("--from", default="", metavar="DAY", help="first day of receipt, in UTC")
    parser.add_argument("--to", default="", metavar="DAY", help="last day of receipt, in UTC")
    parser.add_argument("--sort", default="newest", choices=list(ORDERS))


def _list(call: Call) -> None:
    names = (
        "kind", "status", "scope", "view", "source", "person", "requester", "from", "to", "sort",
    )  # fmt: skip
    given = {name: call.given[name] for name in names} | {"q": call.given["search"]}
    wanted = {name: value for name, value in given.items() if value}
    form = TicketFilterForm(wanted, actor=call.actor, zone=UTC)
    checked(form)
    chosen = form.chosen()
    rows = tickets_for(Look(call.actor, call.at), chosen)
    count = 0
    for ticket in rows.order_by(*ORDERS[call.given["sort"]]).iterator(chunk_size=AT_ONCE):
        count += 1
        call.answer(_facts(call, ticket), _line(call, ticket))
    if not call.as_json:
        call.say(f"{count} found.")


def _number(parser: ArgumentParser) -> None:
    parser.add_argument("number", help="such as REV-1001")


def _ticket(call: Call) -> Ticket:
    number = call.given["number"].strip().upper()
    found: Ticket | None = Ticket.objects.visible_to(call.actor).filter(number=number).first()
    if found is None:
        unusable(f"There is no request {echoed(call.given['number'])}.")
    return found


def _show(call: Call) -> None:
    ticket = _ticket(call)
    parts = Part.objects.filter(ticket=ticket).select_related("request")
    rows = {
        "steps": Step.objects.filter(ticket=ticket).select_related("ticket").order_by("position"),
        "credentials": Finding.objects.filter(ticket=ticket).order_by("kind", "pk"),
        "stores": Tally.objects.filter(ticket=ticket).order_by("position"),
        "people": parts.order_by("position"),
    }
    evidence = EvidenceOutput(rows).data
    if not call.as_json:
        call.say(_line(call, ticket))
        for step in evidence["steps"]:
            call.say(_step_line(step))
        for one in evidence["credentials"]:
            call.say(f"  {one['kind']} {one['label']}: {one['answer']} {one['detail']}".rstrip())
        for one in evidence["stores"]:
            call.say(f"  {one['label']}: before {one['before']}, after {one['after']}")
        return
    call.answer({**_facts(call, ticket), **evidence}, "")


def _step_line(step: dict[str, Any]) -> str:
    line = f"  step {step['position']}, {step['title']}: {StepStatus(step['status']).label}"
    return f"{line}; asks: {step['asks']}" if step["asks"] and not step["finished_at"] else line


def _reason(parser: ArgumentParser) -> None:
    parser.add_argument("--reason", default="", help="shown on the request")


def _effective_at(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--at", metavar="INSTANT", default="", help="2027-03-31T18:00Z; without it now"
    )


def _person(parser: ArgumentParser) -> None:
    parser.add_argument("person", help="e-mail address or id")


def _heir(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--hand-over-to", metavar="PERSON", default="",
        help="who looks after what they own; without it integrations go to an owner",
    )  # fmt: skip


def _plan(call: Call, member: Membership) -> list[Choice]:
    if not call.given["hand_over_to"]:
        return []
    heir = asked_member(call.given["hand_over_to"], Membership.objects.visible_to(call.actor))
    return [
        Choice(thing, row.pk, Do.HAND_OVER, heir.pk)
        for thing in Thing
        for row in owned_by(member, thing)
    ]


def _revoke(call: Call) -> None:
    member = asked_member(call.given["person"], Membership.objects.visible_to(call.actor))
    _file(call, file_revocation, member, plan=_plan(call, member))


def _file(call: Call, verb: Callable[..., Ticket], whom: Any, **more: Any) -> None:
    """A revocation, now or at the instant given."""
    effective_at = _instant(call.given["at"])
    _done(
        call,
        lambda: verb(
            whom,
            actor=call.actor,
            at=call.at,
            reason=call.given["reason"],
            source="command",
            effective_at=effective_at,
            **more,
        ),
    )


def _account(parser: ArgumentParser) -> None:
    parser.add_argument("account", help="its name or id")


def _revoke_service_account(call: Call) -> None:
    _file(call, file_revocation, asked_service_account(call.given["account"], call.actor))


def _team(parser: ArgumentParser) -> None:
    parser.add_argument("team", help="its name or id")


def _revoke_team(call: Call) -> None:
    _file(call, revoke_team, asked_team(call.given["team"], call.actor))


def _what(parser: ArgumentParser) -> None:
    parser.add_argument("scope", choices=[x.value for x in Scope if x not in OF_REVOCATION])
    parser.add_argument("--integration", default="", metavar="ID")
    parser.add_argument("--member", default="", metavar="PERSON", help="e-mail address or id")
    parser.add_argument("--data-class", default="", metavar="KIND")
    parser.add_argument("--confirm", required=True, metavar="NAME", help="what goes, to the letter")


def _delete(call: Call) -> None:
    member = call.given["member"]
    seen = Membership.objects.visible_to(call.actor)
    wish = Wish(
        Scope(call.given["scope"]),
        integration_id=_id(call.given["integration"]),
        member_id=asked_member(member, seen).pk if member else None,
        data_class=call.given["data_class"],
    )
    _done(
        call,
        lambda: file_deletion(
            wish,
            actor=call.actor,
            at=call.at,
            confirmation=call.given["confirm"],
            reason=call.given["reason"],
        ),
    )


def _withdraw(call: Call) -> None:
    """Back out while nothing is destroyed: a deletion, or a revocation that is to come."""
    ticket = _ticket(call)
    is_planned = ticket.kind == Kind.REVOCATION
    if is_planned:
        call.actor.require(cancel_revocation.permission)  # type: ignore[arg-type]
    verb: Any = cancel_revocation if is_planned else withdraw_deletion
    _done(call, lambda: verb(ticket, actor=call.actor, at=call.at))


def _answer_to(parser: ArgumentParser) -> None:
    parser.add_argument("step", type=int, help="which one: its number, as `show` prints it")
    parser.add_argument("--evidence", required=True, metavar="TEXT", help="what was done")
    parser.add_argument("--reference", default="", metavar="TEXT", help="where to look it up")


def _answer(call: Call) -> None:
    ticket = _ticket(call)
    step = Step.objects.filter(ticket=ticket, position=call.given["step"]).first()
    if step is None:
        unusable(f"{ticket.number} has no step {call.given['step']}.")
    evidence = Evidence(call.given["evidence"], call.given["reference"])
    _done(call, lambda: complete_step(step, actor=call.actor, at=call.at, evidence=evidence))


def _deciding(verb: Any) -> Callable[[Call], None]:
    def run(call: Call) -> None:
        ticket = _ticket(call)
        _done(call, lambda: verb(ticket, actor=call.actor, at=call.at))

    return run


def _done(call: Call, change: Change) -> None:
    """The change, or what it would come to: done for real and taken back."""
    with transaction.atomic():
        ticket = change()
        if call.is_rehearsed:
            transaction.set_rollback(True)
    facts = _facts(call, ticket)
    if call.is_rehearsed:
        is_new = not Ticket.objects.filter(pk=ticket.pk).exists()
        facts |= {"id": None, "number": ""} if is_new else {}
    facts["done"] = not call.is_rehearsed
    would = "would be: " if call.is_rehearsed else ""
    call.answer(facts, f"{would}{_line(call, ticket)}")


def _facts(call: Call, ticket: Ticket) -> dict[str, Any]:
    return dict(TicketOutput(ticket, context={"request": call}).data)


def _line(call: Call, ticket: Ticket) -> str:
    clock = "late" if ticket.is_late(call.at) else f"due {ticket.due_at:%Y-%m-%d %H:%M} UTC"
    if ticket.ended_at:
        clock = f"ended {ticket.ended_at:%Y-%m-%d %H:%M} UTC"
    return f"{ticket.number}: {title_of(ticket)}, {ticket.get_status_display()}, {clock}"


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        unusable(f"--at: {echoed(text)} is no instant. Write it like 2027-03-31T18:00Z.")
    if read.tzinfo is None:
        unusable("--at: Say the time zone too, such as 2027-03-31T18:00Z.")
    return read


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        unusable(f"--integration: {echoed(text)} is no id.")


class Command(VerbsCommand):
    help = f"Requests: list, show, file and decide. {EXIT_CODES}"
    verbs = (
        Verb("list", Permission.TICKET_VIEW, "List requests.", _list, (_filters,)),
        Verb("show", Permission.TICKET_VIEW, "One request and its proof.", _show, (_number,)),
        Verb(
            "revoke", file_revocation.permission, "Block a person's access, now or at an instant.",
            _revoke, (_person, _effective_at, _heir, _reason, add_dry_run),
        ),
        Verb(
            "revoke-team", file_team_revocation.permission, "Block everybody's access in a team.",
            _revoke_team, (_team, _effective_at, _reason, add_dry_run),
        ),
        Verb(
            "revoke-service-account", file_revocation.permission, "Block a service account.",
            _revoke_service_account, (_account, _effective_at, _reason, add_dry_run),
        ),
        Verb(
            "reverse", reverse_revocation.permission, "Give access back: nothing is destroyed yet.",
            _deciding(reverse_revocation), (_number, add_dry_run),
        ),
        Verb(
            "answer", complete_step.permission, "Say that what a waiting step asks for is done.",
            _answer, (_number, _answer_to, add_dry_run),
        ),
        Verb(
            "delete", file_deletion.permission, "Delete data after the cooling-off.",
            _delete, (_what, _reason, add_dry_run),
        ),
        Verb(
            "confirm", confirm_deletion.permission, "The second person's yes to a deletion.",
            _deciding(confirm_deletion), (_number, add_dry_run),
        ),
        Verb(
            "withdraw", Permission.TICKET_VIEW, "Take back what has not begun.",
            _withdraw, (_number, add_dry_run),
        ),
        Verb(
            "hasten", hasten_revocation.permission, "Block a planned access now.",
            _deciding(hasten_revocation), (_number, add_dry_run),
        ),
        Verb(
            "retry", retry_ticket.permission, "Wake a request that stopped.",
            _deciding(retry_ticket), (_number, add_dry_run),
        ),
    )  # fmt: skip
