"""Invites a list of people from a CSV file, or says line by line why not."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from audit.refusals import Refusal
from portal.people.importing import Report, check, invite
from portal.people.sheets import MAX_BYTES, read_sheet
from tenants.access import system_actor
from tenants.clock import now
from tenants.resolving import organization_of_slug
from tenants.scoping import organization_scope

LINES_DO_NOT_HOLD: Final = 1
UNUSABLE: Final = 2


class Command(BaseCommand):
    help = (
        "Invite the people of a CSV file (email,name,role,teams,access ends)."
        " Exit codes: 0 invited or nothing wrong, 1 lines that do not hold, 2 no usable list."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--organization", required=True, help="its address, such as acme")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument("--only-good", action="store_true", help="leave bad lines out")
        parser.add_argument("--json", action="store_true", help="the report as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        organization = organization_of_slug(options["organization"])
        if organization is None:
            raise CommandError(
                f"There is no organization {options['organization']!r}.", returncode=UNUSABLE
            )
        raw = self._read(options["file"])
        with organization_scope(organization.pk):
            actor, at = system_actor(organization), now()
            try:
                report = check(read_sheet(raw), actor=actor, at=at)
                is_good = not report.problems or options["only_good"]
                goes = is_good and not options["dry_run"] and bool(report.ready)
                sent = invite(report, actor=actor, at=at, only_good=True) if goes else []
            except Refusal as refusal:
                errors = getattr(refusal, "errors", {}).values()
                said = " ".join([refusal.message, *(str(one) for all_ in errors for one in all_)])
                raise CommandError(said, returncode=UNUSABLE) from refusal
        self._tell(report, len(sent), as_json=options["json"])
        if not is_good:
            sys.exit(LINES_DO_NOT_HOLD)

    def _read(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.", returncode=UNUSABLE) from error

    def _tell(self, report: Report, sent: int, *, as_json: bool) -> None:
        if as_json:
            lines = [
                {"line": x.line, "email": x.email, "verdict": x.verdict.value, "said": x.said}
                for x in report.lines
            ]
            self.stdout.write(json.dumps({"invited": sent, "lines": lines}))
            return
        for line in report.problems:
            self.stdout.write(f"line {line.line}: {line.email}: {line.said}")
        self.stdout.write(
            f"{sent} invited, {len(report.ready)} ready, {len(report.problems)} with a problem."
        )
