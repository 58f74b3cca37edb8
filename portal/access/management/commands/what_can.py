"""What a member can do and see now, and through which role or team."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.access.asking import asked_member, asked_organization, through
from portal.access.questions import Held, what_can
from tenants.access import system_actor
from tenants.clock import now
from tenants.models import Membership
from tenants.scoping import organization_scope


class Command(BaseCommand):
    help = (
        "Say what a member can do and see now, and through which role or team."
        " Exit codes: 0 answered, 2 unknown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, help="its address, such as acme")
        parser.add_argument("--member", required=True, help="their e-mail address")
        parser.add_argument("--json", action="store_true", help="one JSON object on each line")

    def handle(self, *_args: Any, **options: Any) -> None:
        organization = asked_organization(options["organization"])
        with organization_scope(organization.pk):
            member = asked_member(options["member"])
            held = what_can(member, actor=system_actor(organization), at=now())
        for each in held:
            self.stdout.write(_as_json(each) if options["json"] else _as_line(each))
        if not options["json"]:
            self.stdout.write(_summed(member, len(held)))


def _summed(member: Membership, count: int) -> str:
    if count:
        return f"{member.email} holds {count} {'right' if count == 1 else 'rights'} now."
    ended = member.status == Membership.Status.ACTIVE
    why = "the access has ended" if ended else str(member.get_status_display()).lower()
    return f"{member.email} can do nothing now: {why}."


def _as_json(held: Held) -> str:
    facts = {
        "kind": held.right.kind.value,
        "key": held.right.key,
        "level": held.right.level,
        "text": held.text,
        "paths": [path.text for path in held.paths],
    }
    return json.dumps(facts, ensure_ascii=False)


def _as_line(held: Held) -> str:
    return f"{held.text}, through {through(held.paths)}"
