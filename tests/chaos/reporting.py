"""The figures as lines."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.running import Outcome

_SHOWN = 5
HEADER = (
    f"{'trouble':<10}{'filed':>7}{'done':>7}{'lost':>6}{'twice':>7}{'clocks':>8}{'log':>5}"
    f"{'late':>6}{'failed':>8}{'killed':>8}{'drained':>9}{'p99':>8}{'errors':>8}"
)


def line(outcome: Outcome) -> str:
    verdict = outcome.verdict
    return (
        f"{outcome.trouble:<10}{outcome.tickets:>7}{verdict.done:>7}{len(verdict.lost):>6}"
        f"{len(verdict.done_twice):>7}{len(verdict.wrong_clocks):>8}"
        f"{len(verdict.log_findings):>5}{verdict.late:>6}{verdict.retried:>8}{outcome.killed:>8}"
        f"{outcome.drained:>7.0f} s{outcome.p99:>6.2f} s{len(outcome.failures):>8}"
    )


def troubles_of(outcome: Outcome, *, timed: bool) -> Iterator[str]:
    broken = outcome.broken(timed=timed)
    if broken:
        yield f"does not hold: {', '.join(broken)}"
    verdict = outcome.verdict
    for found in (verdict.lost, verdict.done_twice, verdict.wrong_clocks, verdict.log_findings):
        yield from found[:_SHOWN]
    if outcome.failures:
        yield f"errors seen by people: {Counter(outcome.failures).most_common(3)}"
