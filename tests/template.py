"""A migrated SQLite database made once and copied: each test process would else make its own."""

import fcntl
import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

from django.apps import apps
from django.conf import settings


class Template:
    """The database that this set of migrations leads to, kept in pytest's cache folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{_fingerprint()}.sqlite3"
        self._lock = folder / "lock"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One process makes it, the others wait for the copy."""
        with self._lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def give(self, to: str) -> None:
        shutil.copyfile(self.path, to)

    def take(self, made: str) -> None:
        """Keep what was just made, whole: what stands in the write-ahead log goes in first."""
        for old in self.path.parent.glob("*.sqlite3"):
            old.unlink()
        partial = self.path.with_suffix(".partial")
        with sqlite3.connect(made) as source, sqlite3.connect(partial) as target:
            source.backup(target)
        partial.rename(self.path)


def _fingerprint() -> str:
    """Changes with every migration and every version installed."""
    digest = hashlib.sha256(repr(settings.INSTALLED_APPS).encode())
    for config in sorted(apps.get_app_configs(), key=lambda each: each.label):
        for path in sorted(Path(config.path).glob("migrations/*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    for each in sorted(f"{d.name}{d.version}" for d in distributions()):
        digest.update(each.encode())
    return digest.hexdigest()[:24]
