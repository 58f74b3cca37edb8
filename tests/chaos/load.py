"""Calls of the API at a steady rate, from a process of its own.

`python -m tests.chaos.load PORT RATE` takes a token on each line of its input, up to an empty one,
and calls in turn with each until the input ends; then it prints what it saw as one line of JSON.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Self

CALLERS = 8


class Line(http.client.HTTPConnection):
    """A kept connection to the web server."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        self.close()

    def call(self, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-Proto": "https"}
        self.request("GET", "/api/v1/me", headers={**headers, "Host": "localhost"})
        answer = self.getresponse()
        answer.read()
        return answer.status


@dataclass(slots=True)
class Seen:
    """Of all calls: how many a second, the median's seconds from when each was due, statuses."""

    rate: float = 0.0
    median: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != "200")


@contextmanager
def loaded(port: int, rate: float, tokens: Sequence[str]) -> Iterator[Seen]:
    """Under load; afterwards what was seen stands in the result."""
    command = [sys.executable, "-m", "tests.chaos.load", str(port), str(rate)]
    seen = Seen()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        process.stdin.write("".join(f"{token}\n" for token in tokens) + "\n")
        process.stdin.flush()
        time.sleep(1)
        try:
            yield seen
        finally:
            told, _nothing = process.communicate()
        seen.rate, seen.median, seen.statuses = json.loads(told)


class Load:
    """Each call at its time, whether the ones before are answered or not."""

    def __init__(self, port: int, rate: float, tokens: Sequence[str]) -> None:
        self.port, self.tokens, self.pause = port, tokens, CALLERS / rate
        self.calls: list[tuple[float, int]] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(number, number / rate))
            for number in range(CALLERS)
        ]

    def run_until(self, ended: Callable[[], object]) -> Seen:
        begun = time.perf_counter()
        for thread in self._threads:
            thread.start()
        ended()
        self._over.set()
        for thread in self._threads:
            thread.join()
        spent = time.perf_counter() - begun
        statuses = [status for _seconds, status in self.calls]
        counts = {str(status): statuses.count(status) for status in set(statuses)}
        seconds = [seconds for seconds, _status in self.calls]
        return Seen(len(self.calls) / spent, median(seconds), counts)

    def _work(self, number: int, delay: float) -> None:
        due = time.perf_counter() + delay
        line = Line(self.port)
        mine = self.tokens[number::CALLERS]
        turn = 0
        while not self._over.is_set():
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                status = line.call(mine[turn % len(mine)])
            except (OSError, http.client.HTTPException):
                status, line = 0, Line(self.port)
            self.calls.append((time.perf_counter() - due, status))
            due += self.pause
            turn += 1
        line.close()


def main(port: int, rate: float) -> None:
    tokens = list(iter(lambda: sys.stdin.readline().strip(), ""))
    seen = Load(port, rate, tokens).run_until(sys.stdin.read)
    sys.stdout.write(json.dumps([seen.rate, seen.median, seen.statuses]))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
