"""Reads the schema of a SQLite file in the folder of its workspace, opened to read only."""

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from portal.catalog.connections import SqlitePlace
from portal.catalog.ingest.bench import Bench
from portal.catalog.ingest.naming import distinct, key_of, tidy
from portal.catalog.ingest.relations import Column, Relation
from portal.catalog.refusals import SourceRefused
from portal.catalog.rules import LONGEST_TYPE, MOST_COLUMNS, MOST_RELATIONS, ResourceKind

Beat = Callable[[int], None]
STATEMENT_SECONDS: Final = 20.0
_STEPS: Final = 20_000
_MAGIC: Final = b"SQLite format 3\x00"
_LONGEST_VALUE: Final = 10_000_000
_TABLES = """
    select name, type from sqlite_schema
    where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\' order by name
"""
# Hidden columns of virtual tables are left out; generated ones are columns like any other.
_COLUMNS = "select name, type from pragma_table_xinfo(?) where hidden <> 1 order by cid"
_VIEW_IS_BROKEN: Final = ("no such", "not authorized", "prohibited", "error in view", "circular")
_MAY: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})


class BoundedFile(sqlite3.Connection):
    """One statement after the other, each no longer than its time."""

    until = 0.0

    def extend(self) -> None:
        self.until = time.monotonic() + STATEMENT_SECONDS

    def is_late(self) -> bool:
        return time.monotonic() > self.until


def read_file(database: BoundedFile, bench: Bench, *, beat: Beat) -> None:
    """Put every table and view on the bench. `beat` hears how many were read and may stop it."""
    bench.expected = count_tables(database)
    for number, (name, kind) in enumerate(database.execute(_TABLES)):
        beat(number)
        database.extend()
        if number >= MOST_RELATIONS:
            raise SourceRefused("too-large", _("An integration takes at most 200,000 tables."))
        bench.add(_relation(database, name, kind))
    if not bench.count():
        raise SourceRefused("nothing-visible", _("There is no table in this file."))


def count_tables(database: sqlite3.Connection) -> int:
    found: int = database.execute(f"select count(*) from ({_TABLES})").fetchone()[0]  # noqa: S608
    return found


@contextmanager
def opened_file(place: SqlitePlace, workspace: str) -> Iterator[BoundedFile]:
    """Raises SourceRefused with a hint, here and for what the file turns out to hold."""
    path = _path(place, workspace)
    try:
        uri = f"file:{quote(str(path))}?mode=ro"
        opened = sqlite3.connect(
            uri, uri=True, timeout=2.0, isolation_level=None, factory=BoundedFile
        )
        with closing(opened) as database:
            _restrict(database)
            yield database
    except (sqlite3.Error, UnicodeError) as error:
        raise _refusal(error) from None


def _restrict(database: BoundedFile) -> None:
    """A file is somebody's input: it may neither write nor call out nor keep us busy."""
    database.execute("pragma query_only=on")
    database.execute("pragma trusted_schema=off")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    database.extend()
    database.set_progress_handler(database.is_late, _STEPS)
    database.set_authorizer(_allow)


def _allow(verb: int, subject: str | None, *_rest: str | None) -> int:
    # To list columns SQLite reads its schema anew, which it calls an update of it.
    allowed = {sqlite3.SQLITE_PRAGMA: "table_xinfo", sqlite3.SQLITE_UPDATE: "sqlite_master"}
    is_allowed = verb in _MAY or allowed.get(verb, "") == subject
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _path(place: SqlitePlace, workspace: str) -> Path:
    """A regular file directly in the workspace's folder: no link, no device, no way out."""
    path = Path(settings.CONNECTOR_SQLITE_DIR) / workspace / place.file
    try:
        is_file = all(
            check(os.lstat(where).st_mode)
            for where, check in ((path.parent, stat.S_ISDIR), (path, stat.S_ISREG))
        )
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        said = _("There is no such file in the folder of this workspace on the server.")
        raise SourceRefused("file-missing", said)
    try:
        with path.open("rb") as file:
            is_database = file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        raise SourceRefused("no-permission", _("The server may not read this file.")) from None
    if not is_database:
        raise SourceRefused("malformed", _("This file is no SQLite database."))
    return path


def _relation(database: sqlite3.Connection, name: str, kind: str) -> Relation:
    try:
        told = database.execute(_COLUMNS, (name,)).fetchmany(MOST_COLUMNS)
    except sqlite3.DatabaseError as error:
        if not any(mark in str(error).lower() for mark in _VIEW_IS_BROKEN):
            raise
        told = []  # a view of something that is gone has a name and no columns
    names = distinct(str(column) for column, _type in told)
    return Relation(
        unique_key=key_of(name),
        kind=ResourceKind.VIEW if kind == "view" else ResourceKind.TABLE,
        name=tidy(name) if name.strip() else "\ufffd",
        relation_type=kind,
        columns=[
            Column(column, tidy(str(type_ or ""), LONGEST_TYPE), position, "")
            for position, (column, (_name, type_)) in enumerate(
                zip(names, told, strict=True), start=1
            )
        ],
    )


def _refusal(error: Exception) -> SourceRefused:
    words = str(error).lower()
    if "interrupted" in words:
        return SourceRefused("timeout", _("Reading the file took longer than 20 seconds."))
    if "locked" in words or "busy" in words:
        said = _("Another program holds the file. The next run will try again.")
        return SourceRefused("locked", said)
    if "unable to open" in words or "readonly" in words:
        said = _("The file cannot be opened to read only. Copy it here without its -wal file.")
        return SourceRefused("no-permission", said)
    return SourceRefused("malformed", _("The file is damaged, or no SQLite database."))
