"""The processes of a production installation, kept alive and killed at random."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from portal.queue.names import Lane
from portal.queue.running import Part
from tests.chaos.servers import PostgreSQL, Redis
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
BEATS = 3
READY_WITHIN = 300.0
COMES_BACK_AFTER = 1.0
LEFT_OUT = ("DATABASE", "CELERY", "CACHE", "DEMO", "BASE_URL", "GATEHOUSE", "PYTEST", "DJANGO")


class Stack:
    """Servers, workers, beats and web in one folder."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o711)
        self.folder = folder
        self.random = random.Random(6)  # noqa: S311  (the same troubles in each run)
        self.killed = 0
        self.shift = timedelta(0)
        self.port = free_port()
        self.redis, self.database = Redis(folder), PostgreSQL(folder)
        self.parts: list[Part] = []

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "DATABASE_URL": self.database.url("gatehouse"),
            "DATABASE_OWNER_URL": self.database.url("gatehouse_owner"),
            "CELERY_BROKER_URL": self.redis.url,
            "BASE_URL": f"https://localhost:{self.port}",
            "TRUST_PROXY_SCHEME": "true",
            "GATEHOUSE_HOME": str(self.folder / "home"),
            "SECRET_KEY": "chaos-only-" + "k" * 50,
            "MAIL_HOST": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
        }

    def prepare(self, template: Path | None = None) -> None:
        """Databases with all tables, keys, and the clock that can be set.

        `template` keeps the result, or gives it: to repeat a run without migrating again.
        """
        self.redis.start()
        if template is not None and template.exists():
            shutil.copytree(template / "home", self.folder / "home")
            self.database.copy(template / "data")
            self.database.start()
            return
        self.database.make()
        self.database.start()
        self.database.make_database()
        self._install()
        if template is not None:
            self.database.end(signal.SIGINT)
            shutil.copytree(self.folder / "home", template / "home")
            shutil.copytree(self.database.data, template / "data")
            self.database.start()

    def _install(self) -> None:
        """In one process, as the owner of the tables: starting Python costs the most here."""
        calls = ["create_keys"], ["migrate", "--no-input"], ["protect"]
        text = "".join(f"call_command(*{words}, verbosity=0)\n" for words in calls)
        head = "import django\ndjango.setup()\nfrom django.core.management import call_command\n"
        done = subprocess.run(
            [sys.executable, "-c", head + text],
            cwd=ROOT,
            env={**self._outside(), **self.environment, "DATABASE_AS_OWNER": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"The installation failed: {done.stdout}\n{done.stderr[-3000:]}")

    def start(self) -> None:
        self.parts = [*self._workers(), *self._beats(), self._web()]
        for part in self.parts:
            part.start()

    def end(self) -> None:
        for part in self.parts:
            part.signal(signal.SIGKILL)
            if part.process is not None:
                part.process.wait()
        self.redis.end(signal.SIGKILL)
        self.database.end(signal.SIGINT)

    def tend(self) -> None:
        """Start what died again after a second, as a process manager does."""
        for part in self.parts:
            if part.ended() is not None:
                part.signal(signal.SIGKILL)  # what a killed parent left behind
                part.process = None
                part.not_before = time.monotonic() + COMES_BACK_AFTER
            elif part.process is None and time.monotonic() >= part.not_before:
                part.start()

    def kill_one(self) -> None:
        """A worker, or one of the processes it forked, without a warning."""
        workers = [p for p in self.parts if p.name.startswith("worker") and p.ended() is None]
        parents = [part.process.pid for part in workers if part.process is not None]
        if not parents:
            return
        parent = self.random.choice(parents)
        victim = self.random.choice([parent, *_children(parent)])
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            self.killed += 1

    def until_ready(self) -> None:
        from tests.chaos.filing import request  # noqa: PLC0415  (needs the settings)

        ends = time.monotonic() + READY_WITHIN
        answer = request(self.port, "/readyz")
        while answer.status != 200:
            if time.monotonic() > ends:
                raise TimeoutError(f"Not ready: {answer}")
            self.tend()
            time.sleep(1)
            answer = request(self.port, "/readyz")

    def _celery(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "celery", "--quiet", "--app", "portal.celery", *words]

    def _workers(self) -> Iterator[Part]:
        alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        for number, (lanes, many) in enumerate(
            [(f"{Lane.SLA},{Lane.DEFAULT}", 2), (f"{Lane.SLA},{Lane.DEFAULT}", 2), (Lane.BULK, 1)]
        ):
            name = f"worker{number}"
            words = ("worker", *alone, "-n", f"{name}@%h", "-Q", lanes, "-c", str(many))
            yield self._part(name, self._celery(*words))

    def _beats(self) -> Iterator[Part]:
        for number in range(BEATS):
            yield self._part(f"beat{number}", self._celery("beat", "--pidfile="))

    def _web(self) -> Part:
        server = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "2"]
        threads = ["--blocking-threads", "2", "--respawn-failed-workers"]
        return self._part("web", [*server, *where, *threads, "portal.wsgi:application"])

    def _part(self, name: str, command: list[str]) -> Part:
        environment = {**self.environment, "CELERY_SKIP_CHECKS": "1", "PYTHONPATH": str(ROOT)}
        return Part(name, command, self.folder / "log" / f"{name}.log", environment)

    def _outside(self) -> dict[str, str]:
        return {name: text for name, text in os.environ.items() if not name.startswith(LEFT_OUT)}


def _children(parent: int) -> list[int]:
    try:
        text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def use_settings(stack: Stack) -> None:
    """Make this process one more of the installation."""
    import django  # noqa: PLC0415  (after the environment is there)

    os.environ.update(stack.environment)
    django.setup()
    assert settings.DEMO
