"""Files a revocation for everybody on a list of leavers who still has access."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from portal.people.filing_leavers import file_leavers
from portal.people.leavers import LAYOUT, Leaver, Report, check
from portal.people.leaving import MOST, Filing, foresee
from portal.people.sheets import read_sheet
from portal.tickets.actions import file_revocation
from tenants.commanding import EXIT_CODES, Call, WorkspaceCommand, add_dry_run, unusable


class Command(WorkspaceCommand):
    help = (
        "Hold a CSV list of leavers (email, last day) against the people of an organization, and"
        f" file a revocation for each who still has access. {EXIT_CODES}"
    )
    needs = file_revocation.permission

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_dry_run(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--reason", default="", help="shown on each request")

    def work(self, call: Call) -> None:
        call.actor.require_step_up(at=call.at)
        rows = read_sheet(_read(call.given["file"]), LAYOUT)
        report = check(rows, actor=call.actor, at=call.at)
        filings = _filings(call, report.leavers)
        _tell(call, report, filings)


def _filings(call: Call, leavers: Sequence[Leaver]) -> list[Filing]:
    """One go after the other; each is looked at first, and done only as it looked then."""
    found: list[Filing] = []
    given = {"actor": call.actor, "at": call.at, "reason": call.given["reason"]}
    for start in range(0, len(leavers), MOST):
        part = leavers[start : start + MOST]
        plan = foresee(part, **given)
        if not call.is_rehearsed:
            plan = file_leavers(part, digest=plan.digest, **given).plan
        found += [*plan.filed, *plan.refused]
    return found


def _tell(call: Call, report: Report, filings: Sequence[Filing]) -> None:
    by_member = {filing.leaver.member_id: filing for filing in filings}
    lines = []
    for line in report.lines:
        filing = by_member.get(line.leaver.member_id) if line.leaver else None
        number = "" if filing is None or call.is_rehearsed else filing.number
        said = (filing.refusal if filing else "") or line.said
        lines.append(
            {
                "line": line.line,
                "email": line.email,
                "verdict": line.verdict.value,
                "said": said,
                "number": number,
            }
        )
    if not call.as_json:
        for row in lines:
            shown = ", ".join(str(row[name]) for name in ("verdict", "said", "number") if row[name])
            call.say(f"line {row['line']}: {row['email']}: {shown}")
    filed = [filing for filing in filings if not filing.refusal]
    verb = "would be filed" if call.is_rehearsed else "filed"
    summed = f"{len(report.lines)} lines, {len(filed)} requests {verb}."
    done = 0 if call.is_rehearsed else len(filed)
    call.answer({"filed": done, "to_file": len(filed), "lines": lines}, summed)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LAYOUT.max_bytes + 1)
    except OSError as error:
        unusable(f"{path}: {error.strerror}.")
