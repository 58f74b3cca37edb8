"""One run: people file requests while something is wrong; then everything must drain."""

import time
from dataclasses import dataclass

from django.db import Error, connection

from portal.demo.chaos import submitting
from portal.demo.chaos.judging import Verdict, judge, open_count
from tenants.clock import now
from tests.chaos.filing import Filer
from tests.chaos.stack import Stack
from tests.chaos.troubles import TROUBLES

DRAINS_WITHIN = 180.0
GIVEN_UP_AFTER = 600.0
FILED_WITHIN = 1.0
# Where the broker alone is in trouble, people must not notice anything.
UNNOTICED = frozenset({"refuse", "hang"})
BEAT = 0.2


@dataclass(slots=True)
class Outcome:
    """The figures of one run, and which of them do not hold."""

    trouble: str
    tickets: int
    killed: int
    p99: float
    failures: list[str]
    drained: float
    verdict: Verdict

    def broken(self, *, timed: bool) -> list[str]:
        bars = {
            "lost": not self.verdict.lost,
            "done twice": not self.verdict.done_twice,
            "wrong clocks": not self.verdict.wrong_clocks,
            "the log": not self.verdict.log_findings,
            "still open": not self.verdict.still_open,
        }
        if timed:
            bars[f"drained within {DRAINS_WITHIN:.0f} s"] = self.drained <= DRAINS_WITHIN
        if self.trouble in UNNOTICED:
            bars["no 5xx"] = not self.failures
            bars["filing below 1 s at p99"] = self.p99 < FILED_WITHIN or not timed
        return [name for name, holds in bars.items() if not holds]


class Rehearsal:
    """An organization whose requests are filed in several runs, each judged with all before."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.organization = submitting.build_firm(now())
        self.acknowledged = 0
        self._known: set[str] = set()
        self._counted = (0, 0, 0)

    def run(self, trouble: str, *, tickets: int, seconds: float) -> Outcome:
        """File requests over `seconds` of trouble, and measure the time until the last ends."""
        people = submitting.ids_of(submitting.add_people(self.organization, tickets))
        killed_before = self.stack.killed
        filer = Filer(self.stack.port, self.organization)
        filer.start(people, over=seconds * 0.9)
        for _moment in TROUBLES[trouble](self.stack, seconds):
            self._tend()
        calm = time.monotonic()
        while not filer.is_done:
            self._tend()
        self._drain()
        self.acknowledged += filer.filed.acknowledged
        return Outcome(
            trouble=trouble,
            tickets=filer.filed.acknowledged,
            killed=self.stack.killed - killed_before,
            p99=filer.filed.p99,
            failures=filer.filed.failures,
            drained=time.monotonic() - calm,
            verdict=self._judged(),
        )

    def _tend(self) -> None:
        self.stack.tend()
        time.sleep(BEAT)

    def _drain(self) -> None:
        ends = time.monotonic() + GIVEN_UP_AFTER
        while time.monotonic() < ends and self._are_open():
            self._tend()

    def _are_open(self) -> bool:
        try:
            return open_count(self.organization) > 0
        except Error:
            connection.close()
            return True

    def _judged(self) -> Verdict:
        """What this run added to what was found before."""
        verdict = judge(self.organization, expected=self.acknowledged)
        for found in (
            verdict.lost, verdict.done_twice, verdict.wrong_clocks, verdict.log_findings,
        ):  # fmt: skip
            found[:] = [line for line in found if line not in self._known]
            self._known.update(found)
        counted = verdict.done, verdict.late, verdict.retried
        verdict.done, verdict.late, verdict.retried = (
            now - before for now, before in zip(counted, self._counted, strict=True)
        )
        self._counted = counted
        return verdict
