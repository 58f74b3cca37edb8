"""The tests' SQLite database is made from the models; the migrations must lead to the same."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.thorough

Table = tuple[frozenset[Any], frozenset[Any], frozenset[Any], frozenset[str]]


@pytest.mark.django_db
@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="on PostgreSQL the tests' tables come from migrations"
)
def test_the_migrations_lead_to_the_models(tmp_path: Path) -> None:
    environment = {**os.environ, "GATEHOUSE_HOME": str(tmp_path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "-v", "0"],
        cwd=settings.BASE_DIR,
        env=environment,
        check=True,
    )
    (made,) = tmp_path.glob("*.sqlite3")
    migrated = tables(made)
    assert len(migrated) > 80
    migrated.pop("django_migrations")
    expected = tables(Path(str(connection.settings_dict["NAME"])))
    expected.pop("django_migrations", None)
    assert set(migrated) == set(expected)
    assert {n: (migrated[n], expected[n]) for n in expected if migrated[n] != expected[n]} == {}


def tables(file: Path) -> dict[str, Table]:
    """Of each table its columns, foreign keys, indexes and named constraints, in any order."""
    with sqlite3.connect(file) as database:
        rows = database.execute(
            "select name, sql from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        ).fetchall()
        return {name: _table(database, name, str(sql)) for name, sql in rows}


def _table(database: sqlite3.Connection, name: str, sql: str) -> Table:
    def ask(what: str, of: str = name) -> list[tuple[Any, ...]]:
        return database.execute(f"pragma {what}('{of}')").fetchall()

    columns = frozenset(row[1:] for row in ask("table_info"))
    keys = frozenset(row[2:] for row in ask("foreign_key_list"))
    indexes = frozenset(
        (unique, partial, tuple(part[2:5] for part in ask("index_xinfo", index) if part[5]))
        for _number, index, unique, _origin, partial in ask("index_list")
    )
    words = sql.split('CONSTRAINT "')[1:]
    return columns, keys, indexes, frozenset(word.split('"')[0] for word in words)
