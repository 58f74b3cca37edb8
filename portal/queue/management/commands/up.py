"""Run all of Gatehouse on this machine: web, workers and beat under one runner."""

import errno
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.queue.names import Lane
from portal.queue.running import Part, Runner

READY_WITHIN = 120.0


class Command(BaseCommand):
    help = "Prepare the database and run everything, embedded, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-prepare", action="store_true", help="start at once, as it is")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            message = "`up` is for one machine. In production run web, workers and beat each."
            raise CommandError(message)
        self._check_port()
        self._answered = False
        self._asked_at = 0.0
        try:
            if not options["no_prepare"]:
                self._prepare()
            self._run()
        except KeyboardInterrupt:
            self._say("Stopped.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _check_port(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, settings.PORT))
            except OSError as error:
                message = (
                    f"Port {settings.PORT} is taken. Choose another: PORT=8765 make run"
                    if error.errno == errno.EADDRINUSE
                    else f"Cannot listen on {settings.HOST}:{settings.PORT}: {error.strerror}."
                )
                raise CommandError(message) from None

    def _prepare(self) -> None:
        settings.GATEHOUSE_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in self._folders():
            folder.mkdir(parents=True, exist_ok=True)
        self._say("Preparing the database ...")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("protect", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if settings.DEMO:
            self._say("Preparing the demo organizations ...")
            call_command("demo", verbosity=0)

    def _run(self) -> None:
        runner = Runner(self._parts(), folders=self._folders())
        signal.signal(signal.SIGINT, runner.end)
        signal.signal(signal.SIGTERM, runner.end)
        self._say("Starting web, workers and beat ...")
        self._deadline = time.monotonic() + READY_WITHIN
        runner.run(self._say, watch=self._watch)
        self._say("Stopped.")

    def _folders(self) -> list[Path]:
        broker: Path = settings.BROKER_FOLDER
        return [broker / "messages", broker / "control", broker / "taken"]

    def _parts(self) -> list[Part]:
        logs: Path = settings.GATEHOUSE_HOME / "log"
        celery = [sys.executable, "-m", "celery", "--quiet", "--app", "portal.celery"]
        quiet = {"CELERY_SKIP_CHECKS": "1"}
        worker = ["worker", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        promises = f"{Lane.SLA},{Lane.DEFAULT}"
        return [
            Part("web", self._web(), logs / "web.log"),
            Part(
                "worker",
                [*celery, *worker, "-n", "promises@%h", "-Q", promises, "-c", "4"],
                logs / "worker.log",
                quiet,
            ),
            Part(
                "bulk worker",
                [*celery, *worker, "-n", "bulk@%h", "-Q", Lane.BULK.value, "-c", "1"],
                logs / "bulk.log",
                quiet,
            ),
            Part("beat", [*celery, "beat"], logs / "beat.log", quiet),
        ]

    def _web(self) -> list[str]:
        server = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
        address = ["--host", settings.HOST, "--port", str(settings.PORT)]
        threads = ["--workers", "1", "--blocking-threads", "8", "--respawn-failed-workers"]
        return [
            *server,
            *address,
            *threads,
            "--workers-kill-timeout",
            "5",
            "portal.wsgi:application",
        ]

    def _watch(self) -> None:
        if self._answered or time.monotonic() - self._asked_at < 1:
            return
        self._asked_at = time.monotonic()
        if self._is_ready():
            self._answered = True
            self._banner()
        elif time.monotonic() > self._deadline:
            self._answered = True
            self._say(
                f"Not ready after {READY_WITHIN:.0f} s: see {settings.BASE_URL}/readyz"
                f" and {settings.GATEHOUSE_HOME / 'log'}"
            )

    def _is_ready(self) -> bool:
        host = "127.0.0.1" if settings.HOST == "0.0.0.0" else settings.HOST  # noqa: S104
        request = urllib.request.Request(
            f"http://{host}:{settings.PORT}/readyz", headers={"Host": settings.ALLOWED_HOSTS[0]}
        )
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)  # noqa: PLR2004
        except (urllib.error.URLError, OSError):
            return False

    def _banner(self) -> None:
        self._say("")
        self._say(f"Gatehouse is ready at {settings.BASE_URL}/")
        if settings.DEMO:
            call_command("demo", hints=True, stdout=self.stdout)
        self._say("Press Ctrl-C to stop.")
