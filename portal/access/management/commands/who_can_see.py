"""Who can see a resource now, and through which role or team."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from portal.access.asking import asked_resource, through
from portal.access.machines import Machine, machines_that_see
from portal.access.questions import Seer, seers, who_can_see
from portal.catalog.models import Resource
from tenants.access import Actor
from tenants.commanding import EXIT_CODES, Call, WorkspaceCommand
from tenants.permissions import Permission

AT_ONCE = 500


class Command(WorkspaceCommand):
    help = (
        "Say who and which service accounts can see a resource now, and through which role or team."
        f" {EXIT_CODES}"
    )
    needs = Permission.ACCESS_VIEW

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--resource", required=True, help="its id, name or key")

    def work(self, call: Call) -> None:
        actor, at = call.actor, call.at
        resource = asked_resource(call.given["resource"], Resource.objects.visible_to(actor))
        count = 0
        for seer in _everybody(resource, actor=actor, at=at):
            count += 1
            call.answer(_facts(seer), _as_line(seer))
        for machine in machines_that_see(resource, actor=actor, at=at):
            call.answer(_machine_facts(machine), _machine_line(machine))
        if not call.as_json:
            noun = "person" if count == 1 else "people"
            call.say(f"{count} {noun} can see {resource.path}.")


def _everybody(resource: Resource, *, actor: Actor, at: datetime) -> Iterator[Seer]:
    people = list(who_can_see(resource, actor=actor, at=at).order_by("name", "pk"))
    for start in range(0, len(people), AT_ONCE):
        yield from seers(people[start : start + AT_ONCE], resource, actor=actor, at=at)


def _facts(seer: Seer) -> dict[str, Any]:
    return {
        "id": str(seer.member.pk),
        "name": seer.member.name,
        "email": seer.member.email,
        "level": seer.level.value,
        "paths": [path.text for path in seer.paths],
    }


def _as_line(seer: Seer) -> str:
    called = f"{seer.member.name} <{seer.member.email}>".strip()
    return f"{called}: {str(seer.level.label).lower()}, through {through(seer.paths)}"


def _machine_facts(machine: Machine) -> dict[str, Any]:
    return {
        "service_account": str(machine.account.pk),
        "name": machine.account.name,
        "level": machine.level.value,
        "paths": [path.text for path in machine.paths],
    }


def _machine_line(machine: Machine) -> str:
    level = str(machine.level.label).lower()
    return f"{machine.account.name} (service account): {level}, through {through(machine.paths)}"
