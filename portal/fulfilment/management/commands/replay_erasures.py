"""After a restore from backup: erases again what was erased since the backup was made."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.fulfilment import ledger, owing
from portal.fulfilment.ledger import Entry
from portal.fulfilment.replaying import replay
from portal.tickets.models import Tally, Ticket
from portal.tickets.rules import Status

UNFINISHED = 3


class Command(BaseCommand):
    help = (
        "Compare the erasure ledger with the database, and erase again what a backup brought"
        " back. Safe to repeat. Exit codes: 0 nothing is owed any more, 3 something is left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what is owed")
        parser.add_argument("--json", action="store_true", help="one JSON line for each erasure")

    def handle(self, *_args: Any, **options: Any) -> None:
        for line in ledger.read().torn:
            self.stderr.write(f"Line {line} of {ledger.ledger_file()} is cut short; left out.")
        if options["dry_run"]:
            owed = owing.owed()
            for entry in owed:
                self._say(_facts(entry) | {"status": "owed"}, options)
            self._end(f"{len(owed)} erasures are owed. Nothing was done.", options)
            return
        done = [self._tell(entry, ticket, options) for entry, ticket in replay()]
        left = len(owing.owed())
        if left:
            raise CommandError(
                f"{left} of {len(done)} erasures are not finished. Their requests go on with the"
                " workers; the workspaces stay shut meanwhile. Run this again to try at once.",
                returncode=UNFINISHED,
            )
        self._end(f"{len(done)} erasures done again. Nothing is owed.", options)

    def _tell(self, entry: Entry, ticket: Ticket, options: dict[str, Any]) -> Ticket:
        erased = sum(Tally.objects.filter(ticket=ticket).values_list("erased", flat=True))
        facts = {"number": ticket.number, "status": ticket.status, "erased": erased}
        self._say(_facts(entry) | facts, options)
        return ticket

    def _say(self, facts: dict[str, Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        text = f"{facts['number']} ({facts['scope']}) of organization {facts['organization']}"
        if facts["status"] == Status.ERASED:
            self.stdout.write(f"{text}: erased again, {facts['erased']} records, files and keys.")
        else:
            self.stdout.write(f"{text}: {facts['status']}.")

    def _end(self, text: str, options: dict[str, Any]) -> None:
        if not options["json"]:
            self.stdout.write(text)


def _facts(entry: Entry) -> dict[str, Any]:
    kept = ("number", "organization", "scope", "subject", "ticket")
    return {name: entry[name] for name in kept} | {"erased_at": entry["at"]}
