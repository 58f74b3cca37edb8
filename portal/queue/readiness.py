"""Is every part that the promises need alive? Asked by the proxy, the runner and people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from audit.signing import public_keys
from portal.queue.models import Heartbeat
from portal.queue.publishing import quick_connection
from tenants.clock import now

SILENCE_ALLOWED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Answer:
    name: str
    problem: str

    @property
    def is_good(self) -> bool:
        return not self.problem


def answers() -> list[Answer]:
    """One answer for each part; an empty problem means that it works."""
    return [Answer(name, _problem(check)) for name, check in CHECKS.items()]


def register_check(name: str, check: Callable[[], str]) -> None:
    """One more part, asked by the feature that knows it."""
    CHECKS[name] = check


def _problem(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  (whatever went wrong, the part is not ready)
        return f"cannot be reached ({type(error).__name__})"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return ""


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(plan)} not applied: run `manage.py migrate`" if plan else ""


def _broker() -> str:
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        there = (settings.BROKER_FOLDER / "messages").is_dir()
        return "" if there else "its folder is gone"
    with quick_connection() as broker:
        broker.ensure_connection(max_retries=1, timeout=1)
    return ""


def _pulse(name: str) -> str:
    try:
        seen = Heartbeat.objects.filter(name=name).values_list("seen_at", flat=True).first()
    except Error:
        return "the database does not answer"
    if seen is None:
        return "was never seen"
    return "" if now() - seen < SILENCE_ALLOWED else f"was last seen {seen:%Y-%m-%d %H:%M:%S} UTC"


def _signing_key() -> str:
    return "" if public_keys()["keys"] else "there is none"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "beat": lambda: _pulse("beat"),
    "worker": lambda: _pulse("worker"),
    "signing_key": _signing_key,
}
