"""A private place on disk where an import is put together before anything is stored."""

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

from portal.catalog.ingest.relations import Relation, digest_of

BATCH = 500
Batch = list[tuple[Relation, str]]


class Bench:
    """Holds what was read in a temporary database without a name: it vanishes with the process."""

    def __init__(self) -> None:
        # Whether what is missing here is gone at the source; a scan knows only what it scanned.
        self.is_whole = True
        # How many relations there are to read, as far as the source says so beforehand.
        self.expected = 0
        # What the reading found that somebody should put right at the source.
        self.warnings: list[dict[str, Any]] = []
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            "pragma journal_mode=off; pragma synchronous=off; pragma cache_size=-8000; begin;"
            "create table told (key text primary key, entry text) without rowid;"
            "create table relation (key text primary key, packed text, digest text) without rowid;"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def tell(self, key: str, entry: str) -> bool:
        """Keep what one file says about a key. False when it was said before."""
        return self._insert("insert or ignore into told values (?, ?)", (key, entry))

    def told(self, key: str) -> str | None:
        found = self._database.execute("select entry from told where key = ?", (key,)).fetchone()
        return found[0] if found else None

    def add(self, relation: Relation) -> bool:
        """Keep a finished relation. False when its key was there before."""
        packed = relation.packed()
        values = (relation.unique_key, packed, digest_of(packed))
        return self._insert("insert or ignore into relation values (?, ?, ?)", values)

    def count(self) -> int:
        found: int = self._database.execute("select count(*) from relation").fetchone()[0]
        return found

    def batches(self) -> Iterator[Batch]:
        rows = self._database.execute("select packed, digest from relation order by key")
        while part := rows.fetchmany(BATCH):
            yield [(Relation.unpacked(packed), digest) for packed, digest in part]

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that no relation has."""
        known = self._database.execute
        query = "select 1 from relation where key = ?"
        return [key for key in keys if known(query, (key,)).fetchone() is None]

    def _insert(self, statement: str, values: tuple[str, ...]) -> bool:
        return self._database.execute(statement, values).rowcount == 1
