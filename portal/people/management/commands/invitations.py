"""Invitations: listed, sent, and those that are out sent again or cancelled, many at once."""

import sys
from argparse import ArgumentParser
from uuid import UUID

from portal.people.actions.invited import change_invited
from portal.people.api.lists import row_of, shown
from portal.people.commanding import (
    asked_role,
    asked_team,
    by_line,
    filtered,
    many_lines,
    stopped_by,
)
from portal.people.forms.invitations import InvitationFilter
from portal.people.importing import check, invite
from portal.people.invited import Ask, InvitedOutcome, Wish, foresee_invited
from portal.people.listing import (
    INVITATION_STATES,
    invitations_for,
    narrowed_invitations,
    open_invitations,
)
from portal.people.serializers.invitations import InvitationOutput, InvitedOutput, ReportOutput
from tenants.access import Actor
from tenants.actions.inviting import send_invitations
from tenants.commanding import (
    EXIT_CODES,
    REFUSED,
    Call,
    Verb,
    VerbsCommand,
    add_dry_run,
    add_preview,
    day,
    echoed,
    unusable,
)
from tenants.models import Invitation

AT_ONCE = 500
ORDER = ("-created_at", "-id")


def _filters(parser: ArgumentParser) -> None:
    states = [state for state in INVITATION_STATES if state]
    parser.add_argument("--search", default="", metavar="TEXT", help="in name and address")
    parser.add_argument(
        "--state", default="", choices=states, help="those not used yet, if left out"
    )
    parser.add_argument("--role", default="", help="a built-in role, or one made here by name")
    parser.add_argument("--team", default="", help="its name or id")


def _list(call: Call) -> None:
    given, actor = call.given, call.actor
    wanted = filtered(
        InvitationFilter,
        call,
        q=given["search"],
        state=given["state"],
        role=given["role"] and asked_role(given["role"], actor),
        team=given["team"] and str(asked_team(given["team"], actor).pk),
    )
    count = 0
    rows = narrowed_invitations(actor, wanted, at=call.at).order_by(*ORDER)
    for row in rows.iterator(chunk_size=AT_ONCE):
        count += 1
        call.answer(InvitationOutput(row).data, _line(row, call))
    if not call.as_json:
        call.say(f"{count} found.")


def _line(row: Invitation, call: Call) -> str:
    expired = row.expires_at <= call.at
    until = f"{'expired' if expired else 'open until'} {row.expires_at:%Y-%m-%d %H:%M} UTC"
    state = "accepted" if row.accepted_at else "cancelled" if row.cancelled_at else until
    teams = ", ".join(team.name for team in row.seen_teams)  # type: ignore[attr-defined]
    parts = [row.role_label, state, *([f"to join {teams}"] if teams else [])]
    return f"{row.email}: {'; '.join(parts)}"


def _people(parser: ArgumentParser) -> None:
    parser.add_argument(
        "addresses", nargs="+", metavar="address", help="e-mail; - reads them by line"
    )
    parser.add_argument("--name", default="", help="of the person, when it is one")
    parser.add_argument("--role", default="", help="viewer, if left out")
    parser.add_argument("--team", action="append", default=[], help="by name; may be repeated")
    parser.add_argument("--access-ends", type=day, metavar="DAY")


def _invite(call: Call) -> None:
    """The lines of a list, checked and sent as an uploaded one: all or none."""
    given, addresses = call.given, by_line(call.given["addresses"])
    if given["name"] and len(addresses) > 1:
        unusable("--name: Several people do not share one name.")
    person = {
        "name": given["name"],
        "role": given["role"],
        "teams": given["team"],
        "access_ends_on": given["access_ends"],
    }
    rows = [row_of(place, {**person, "email": one}) for place, one in enumerate(addresses, 1)]
    report = check(rows, actor=call.actor, at=call.at)
    goes = not call.is_rehearsed and not report.problems
    sent = invite(report, actor=call.actor, at=call.at, only_good=False) if goes else []
    if not call.as_json:
        for line in report.problems:
            call.say(f"{line.email}: {line.said}")
    told = f"{len(sent)} invited, {len(report.ready)} ready, {len(report.problems)} with a problem."
    call.answer(ReportOutput(shown(report, invited=len(sent))).data, told)
    if report.problems:
        sys.exit(REFUSED)


def _chosen(parser: ArgumentParser) -> None:
    parser.add_argument(
        "invitations",
        nargs="+",
        metavar="invitation",
        help="e-mail address or id; - reads them by line",
    )


def _asked(given: list[str], actor: Actor) -> list[UUID]:
    """An address means the invitation that is out for it; an id any."""
    return [_one(text, actor) for text in by_line(given)]


def _one(text: str, actor: Actor) -> UUID:
    try:
        rows = invitations_for(actor).filter(pk=UUID(text))
    except ValueError:
        rows = open_invitations(actor).filter(email__iexact=text)
    found: UUID | None = rows.values_list("pk", flat=True).first()
    if found is None:
        unusable(f"There is no invitation {echoed(text)}.")
    return found


def _changed(call: Call, wish: Wish) -> None:
    """Many invitations, shown first and done exactly as shown."""
    chosen = list(dict.fromkeys(_asked(call.given["invitations"], call.actor)))
    outcome = _outcome(chosen, wish, call)
    _tell(call, outcome)
    stopped_by(len(outcome.refused))


def _outcome(chosen: list[UUID], wish: Wish, call: Call) -> InvitedOutcome:
    actor, at = call.actor, call.at
    if call.is_rehearsed:
        return foresee_invited(chosen, wish, actor=actor, at=at)
    digest = call.given["digest"] or foresee_invited(chosen, wish, actor=actor, at=at).digest
    return change_invited(chosen, wish, actor=actor, at=at, digest=digest)


def _tell(call: Call, outcome: InvitedOutcome) -> None:
    if call.as_json:
        call.answer(InvitedOutput({"outcome": outcome, "done": not call.is_rehearsed}).data, "")
        return
    for line in outcome.lines:
        call.say(f"{line.invitation.email}: {line.reason}")
    for said in many_lines(call, outcome):
        call.say(said)


def _resend(call: Call) -> None:
    _changed(call, Wish(Ask.RESEND))


def _cancel(call: Call) -> None:
    _changed(call, Wish(Ask.CANCEL))


class Command(VerbsCommand):
    help = f"List, send, resend and cancel invitations of an organization. {EXIT_CODES}"
    verbs = (
        Verb("list", change_invited.permission, "who was invited", _list, (_filters,)),
        Verb(
            "invite",
            send_invitations.permission,
            "invite addresses, all or none",
            _invite,
            (_people, add_dry_run),
        ),
        Verb(
            "resend",
            change_invited.permission,
            "send a new link for 7 days; the old one stops working",
            _resend,
            (_chosen, add_preview),
        ),
        Verb(
            "cancel",
            change_invited.permission,
            "cancel; the link stops working",
            _cancel,
            (_chosen, add_preview),
        ),
    )
