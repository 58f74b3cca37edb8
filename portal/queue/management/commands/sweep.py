"""Run sweeps now, in this process, whatever their slots: for repairs and rehearsals."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.queue.sweeping import SWEEPS
from tenants.clock import now


class Command(BaseCommand):
    help = "Run the named sweeps now, or all of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")
        parser.add_argument("--list", action="store_true", help="only list them")

    def handle(self, *_args: Any, **options: Any) -> None:
        unknown = sorted(set(options["names"]) - set(SWEEPS))
        if unknown:
            message = f"No such sweep: {', '.join(unknown)}. Known: {', '.join(sorted(SWEEPS))}."
            raise CommandError(message)
        for name in options["names"] or sorted(SWEEPS):
            self.stdout.write(f"{name}  every {SWEEPS[name].every}")
            if not options["list"]:
                SWEEPS[name].run(now())
