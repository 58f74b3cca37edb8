"""`manage.py up` on an empty home: everything starts, survives, and ends on Ctrl-C."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.ports import free_port

PATIENCE = 180.0
LEFT_OUT = ("DATABASE", "CELERY", "DJANGO", "MAIL", "CACHE", "BASE_URL", "SECRET_KEY", "PYTEST")


class Running:
    """One `manage.py up`, watched from outside like a person would."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port
        self.output = home / "output"
        kept = {name: text for name, text in os.environ.items() if not name.startswith(LEFT_OUT)}
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=settings.BASE_DIR,
                env={**kept, "GATEHOUSE_HOME": str(home), "PORT": str(port), "DEMO": "true"},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def parts(self) -> dict[str, int]:
        """Process ids of the runner's children by what they run."""
        found = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(path.read_text().rpartition(")")[2].split()[1])
                words = (path.parent / "cmdline").read_bytes().decode().split("\0")
            except (OSError, ValueError):
                continue
            if parent == self.process.pid:
                found[next((w for w in words if w in ("beat", "granian") or "@" in w), "")] = int(
                    path.parent.name
                )
        return found

    def readiness(self) -> dict[str, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/readyz", timeout=5
            ) as answer:
                return dict(json.load(answer)["checks"])
        except urllib.error.HTTPError as error:
            return dict(json.load(error)["checks"])
        except OSError:
            return {}

    def is_ready(self) -> bool:
        checks = self.readiness()
        return bool(checks) and set(checks.values()) == {"ok"}

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, (self.said(), self.readiness())
            time.sleep(0.2)

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


def has_all_anew(parts: dict[str, int], before: dict[str, int]) -> bool:
    """Whether the killed ones run again: one still between fork and exec has no name yet."""
    return parts.keys() == before.keys() and parts["beat"] != before["beat"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path, free_port())
    yield made
    if made.process.poll() is None:
        made.end()


@pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="the embedded mode: the run on SQLite starts it"
)
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.thorough
def test_everything_starts_survives_and_ends(running: Running) -> None:
    running.until(lambda: "Press Ctrl-C" in running.said())
    assert f"http://localhost:{running.port}/" in running.said()
    assert running.is_ready()
    before = running.parts()
    assert len(before) == 4

    for name in ("beat", "promises@%h"):
        os.kill(before[name], signal.SIGKILL)
    shutil.rmtree(running.home / "broker")
    running.until(lambda: has_all_anew(running.parts(), before))
    running.until(running.is_ready)
    assert "worker ended (SIGKILL)" in running.said()

    second = Running(running.home, running.port)
    assert second.process.wait(60) == 1
    assert "is taken. Choose another: PORT=8765 make run" in second.said()
    assert "Traceback" not in second.said()

    children = set(running.parts().values())
    assert running.end() == 0
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
