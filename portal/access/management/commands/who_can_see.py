"""Who can see a resource now, and through which role or team."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand

from portal.access.asking import asked_organization, asked_resource, through
from portal.access.machines import Machine, machines_that_see
from portal.access.questions import Seer, seers, who_can_see
from portal.catalog.models import Resource
from tenants.access import Actor, system_actor
from tenants.clock import now
from tenants.scoping import organization_scope

AT_ONCE = 500


class Command(BaseCommand):
    help = (
        "Say who and which service accounts can see a resource now, and through which role or team."
        " Exit codes: 0 answered, 2 unknown or not the only one of its name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, help="its address, such as acme")
        parser.add_argument("--resource", required=True, help="its id, name or key")
        parser.add_argument("--json", action="store_true", help="one JSON object on each line")

    def handle(self, *_args: Any, **options: Any) -> None:
        organization = asked_organization(options["organization"])
        with organization_scope(organization.pk):
            actor, at = system_actor(organization), now()
            resource = asked_resource(options["resource"], Resource.objects.visible_to(actor))
            count = 0
            for seer in _everybody(resource, actor=actor, at=at):
                count += 1
                self.stdout.write(_as_json(seer) if options["json"] else _as_line(seer))
            for machine in machines_that_see(resource, actor=actor, at=at):
                self.stdout.write(_machine(machine, as_json=options["json"]))
        if not options["json"]:
            noun = "person" if count == 1 else "people"
            self.stdout.write(f"{count} {noun} can see {resource.path}.")


def _everybody(resource: Resource, *, actor: Actor, at: datetime) -> Iterator[Seer]:
    people = list(who_can_see(resource, actor=actor, at=at).order_by("name", "pk"))
    for start in range(0, len(people), AT_ONCE):
        yield from seers(people[start : start + AT_ONCE], resource, actor=actor, at=at)


def _as_json(seer: Seer) -> str:
    facts = {
        "id": str(seer.member.pk),
        "name": seer.member.name,
        "email": seer.member.email,
        "level": seer.level.value,
        "paths": [path.text for path in seer.paths],
    }
    return json.dumps(facts, ensure_ascii=False)


def _as_line(seer: Seer) -> str:
    called = f"{seer.member.name} <{seer.member.email}>".strip()
    return f"{called}: {str(seer.level.label).lower()}, through {through(seer.paths)}"


def _machine(machine: Machine, *, as_json: bool) -> str:
    if not as_json:
        level = str(machine.level.label).lower()
        return (
            f"{machine.account.name} (service account): {level}, through {through(machine.paths)}"
        )
    facts = {
        "service_account": str(machine.account.pk),
        "name": machine.account.name,
        "level": machine.level.value,
        "paths": [path.text for path in machine.paths],
    }
    return json.dumps(facts, ensure_ascii=False)
