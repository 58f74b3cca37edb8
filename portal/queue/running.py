"""Keeps the parts of an embedded Gatehouse alive: one runner, its children, their logs."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

BACK_OFF_LONGEST = 30.0
HEALTHY_AFTER = 60.0
PATIENCE_AT_END = 10.0
LOG_LIMIT = 10 * 1024 * 1024
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Part:
    """A child process that must run: its command, and when it may be started again."""

    name: str
    command: Sequence[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    back_off: float = 1.0
    not_before: float = 0.0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603  (our own commands, no shell)
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,  # Ctrl-C reaches the runner alone, which ends its parts
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        self.started = time.monotonic()

    def ended(self) -> int | None:
        """The exit code of a child that should run but does not."""
        return self.process.poll() if self.process else None

    def signal(self, number: signal.Signals) -> None:
        """To the whole group: the web server and the workers have children of their own."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):
                return

    def postpone(self) -> float:
        """Wait a little longer after each quick death; returns the seconds."""
        ran = time.monotonic() - self.started
        self.back_off = 1.0 if ran > HEALTHY_AFTER else min(self.back_off * 2, BACK_OFF_LONGEST)
        wait = self.back_off / 2
        self.not_before = time.monotonic() + wait
        self.process = None
        return wait


class Runner:
    """Starts the parts, restarts the dead, and ends them all together."""

    def __init__(self, parts: Sequence[Part], *, folders: Sequence[Path]) -> None:
        self.parts = parts
        self.folders = folders
        self._ending = threading.Event()

    def end(self, *_signal: object) -> None:
        self._ending.set()

    @property
    def is_ending(self) -> bool:
        return self._ending.is_set()

    def run(self, say: Callable[[str], None], *, watch: Callable[[], None]) -> None:
        """Until `end` is called. `watch` is asked about twice a second."""
        self._make_folders()
        for part in self.parts:
            part.start()
        try:
            while not self._ending.wait(0.5):
                self._make_folders()
                for part in self.parts:
                    self._revive(part, say)
                watch()
        finally:
            self._end_all()

    def _make_folders(self) -> None:
        """A removed broker folder would end every worker again and again."""
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)

    def _revive(self, part: Part, say: Callable[[str], None]) -> None:
        code = part.ended()
        if code is not None:
            part.signal(signal.SIGKILL)  # what a killed parent left behind
            wait = part.postpone()
            say(f"{part.name} ended ({_why(code)}); starting it again in {wait:.0f} s")
        elif part.process is None and time.monotonic() >= part.not_before:
            part.start()

    def _end_all(self) -> None:
        for part in self.parts:
            part.signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_AT_END
        for part in self.parts:
            if part.process is not None:
                # After that its leases run out, and the next start goes on with the work.
                with suppress(subprocess.TimeoutExpired):
                    part.process.wait(max(0.1, deadline - time.monotonic()))
                part.signal(signal.SIGKILL)
                part.process.wait()


def _why(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _end_with_parent() -> None:
    """Linux: a runner that is killed takes its children along."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
