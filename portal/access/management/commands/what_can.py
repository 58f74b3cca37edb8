"""What a member can do and see now, and through which role or team."""

from argparse import ArgumentParser
from typing import Any

from portal.access.asking import asked_member, through
from portal.access.questions import Held, what_can
from tenants.commanding import EXIT_CODES, Call, WorkspaceCommand
from tenants.models import Membership
from tenants.permissions import Permission


class Command(WorkspaceCommand):
    help = f"Say what a member can do and see now, and through which role or team. {EXIT_CODES}"
    needs = Permission.ACCESS_VIEW

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--member", required=True, help="e-mail address or id")

    def work(self, call: Call) -> None:
        member = asked_member(call.given["member"], Membership.objects.visible_to(call.actor))
        held = what_can(member, actor=call.actor, at=call.at)
        for each in held:
            call.answer(_facts(each), _as_line(each))
        if not call.as_json:
            call.say(_summed(member, len(held)))


def _summed(member: Membership, count: int) -> str:
    if count:
        return f"{member.email} holds {count} {'right' if count == 1 else 'rights'} now."
    ended = member.status == Membership.Status.ACTIVE
    why = "the access has ended" if ended else str(member.get_status_display()).lower()
    return f"{member.email} can do nothing now: {why}."


def _facts(held: Held) -> dict[str, Any]:
    return {
        "kind": held.right.kind.value,
        "key": held.right.key,
        "level": held.right.level,
        "text": held.text,
        "paths": [path.text for path in held.paths],
    }


def _as_line(held: Held) -> str:
    return f"{held.text}, through {through(held.paths)}"
