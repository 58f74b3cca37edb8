"""Rehearsal: what became of the requests that `chaos_submit` filed."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.demo.chaos.judging import judge
from portal.demo.chaos.submitting import FIRM
from tenants.resolving import organization_of_slug


class Command(BaseCommand):
    help = (
        "Count lost, repeated and mistimed requests of the demo organization “chaos”. "
        "Ends with 1 when there is any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--expected", type=int, help="how many requests must be there")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("A rehearsal belongs into the demo: set DEMO=true to allow it.")
        organization = organization_of_slug(FIRM.slug)
        if organization is None:
            raise CommandError("Nothing was filed yet: run `manage.py chaos_submit 100` first.")
        verdict = judge(organization, expected=options["expected"])
        self.stdout.write(json.dumps(verdict.as_dict(), indent=2))
        if not verdict.is_clean:
            sys.exit(1)
