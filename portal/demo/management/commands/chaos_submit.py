"""Rehearsal: file many requests at once in a demo organization of its own."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.demo.chaos import submitting
from tenants.clock import now

MOST = 100_000


class Command(BaseCommand):
    help = "File N revocations in the demo organization “chaos” (refuses outside the demo)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", type=int, metavar="N")
        parser.add_argument(
            "--people-only", action="store_true", help="make the people, print their ids, file none"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("A rehearsal belongs into the demo: set DEMO=true to allow it.")
        if not 0 < options["count"] <= MOST:
            message = f"N is a number from 1 to {MOST}."
            raise CommandError(message)
        organization = submitting.build_firm(now())
        people = submitting.add_people(organization, options["count"])
        if options["people_only"]:
            made = [str(person.pk) for person in people]
        else:
            made = [ticket.number for ticket in submitting.file_for(organization, people)]
        self.stdout.write(json.dumps(made))
