"""Invites a list of people from a CSV file, or says line by line why not."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from portal.people.importing import Report, check, invite
from portal.people.sheets import MAX_BYTES, read_sheet
from tenants.actions.inviting import send_invitations
from tenants.commanding import REFUSED, Call, WorkspaceCommand, add_dry_run, unusable


class Command(WorkspaceCommand):
    help = (
        "Invite the people of a CSV file (email,name,role,teams,access ends)."
        " Exit codes: 0 invited or nothing wrong, 1 refused or lines that do not hold,"
        " 2 no usable list."
    )
    needs = send_invitations.permission

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_dry_run(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--only-good", action="store_true", help="leave bad lines out")

    def work(self, call: Call) -> None:
        actor, at = call.actor, call.at
        report = check(read_sheet(_read(call.given["file"])), actor=actor, at=at)
        is_good = not report.problems or call.given["only_good"]
        goes = is_good and not call.is_rehearsed and bool(report.ready)
        sent = invite(report, actor=actor, at=at, only_good=True) if goes else []
        _tell(call, report, len(sent))
        if not is_good:
            sys.exit(REFUSED)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        unusable(f"{path}: {error.strerror}.")


def _tell(call: Call, report: Report, sent: int) -> None:
    lines = [
        {"line": x.line, "email": x.email, "verdict": x.verdict.value, "said": x.said}
        for x in report.lines
    ]
    if not call.as_json:
        for line in report.problems:
            call.say(f"line {line.line}: {line.email}: {line.said}")
    summed = f"{sent} invited, {len(report.ready)} ready, {len(report.problems)} with a problem."
    call.answer({"invited": sent, "lines": lines}, summed)
