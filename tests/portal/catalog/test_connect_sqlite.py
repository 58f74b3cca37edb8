"""SQLite files as sources: what is read, what is never opened, and how runs of them end."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.refusals import Invalid
from portal.catalog.actions import create_integration, pause_integration, run_integration
from portal.catalog.connections import SqlitePlace, checked_place
from portal.catalog.ingest.running import carry_out, claim
from portal.catalog.ingest.sqlite import opened_file
from portal.catalog.models import Field, ImportRun, Integration, Resource
from portal.catalog.refusals import SourceRefused
from portal.catalog.tasks import announce_unattended
from tenants.access import Actor
from tenants.models import Organization
from tenants.scoping import organization_scope

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.CONNECTOR_SQLITE_DIR = tmp_path
    made = tmp_path / "acme"
    made.mkdir()
    return made


@pytest.fixture
def shop(folder: Path) -> Path:
    path = folder / "shop.sqlite3"
    with sqlite3.connect(path) as database:
        database.executescript(
            "create table orders (id integer primary key, total numeric(10,2), note);"
            "create view large as select id from orders where total > 100;"
            "insert into orders values (1, 2, 'a');"
        )
    database.close()
    return path


@pytest.fixture
def source(shop: Path, max_actor: Actor) -> Integration:
    return create_integration(
        actor=max_actor,
        at=timezone.now(),
        name="Shop",
        kind="sqlite",
        connection={"file": shop.name},
    )


def read(source: Integration, actor: Actor) -> ImportRun:
    run = run_integration(source, actor=actor, at=timezone.now())
    carry_out(run.pk)
    run.refresh_from_db()
    return run


def test_tables_views_and_columns_are_read(source: Integration, max_actor: Actor) -> None:
    run = read(source, max_actor)
    assert (run.status, run.trigger) == ("finished", "manual"), run.error_message
    assert {(r.name, r.kind) for r in Resource.objects.all()} == {
        ("orders", "table"),
        ("large", "view"),
    }
    orders = Field.objects.filter(resource__name="orders").order_by("position")
    assert [(f.name, f.type.lower()) for f in orders] == [
        ("id", "integer"),
        ("total", "numeric(10,2)"),
        ("note", ""),
    ]


def test_reading_twice_changes_nothing_and_a_dropped_table_goes(
    source: Integration, shop: Path, max_actor: Actor
) -> None:
    read(source, max_actor)
    before = list(Resource.objects.order_by("pk").values())
    assert read(source, max_actor).changed_nothing
    assert list(Resource.objects.order_by("pk").values()) == before
    with sqlite3.connect(shop) as database:
        database.execute("drop view large")
    database.close()
    assert read(source, max_actor).counts["removed"] == 1
    assert [row.name for row in Resource.objects.all()] == ["orders"]


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "/etc/passwd", "..", ".", "", "x\x00", "a b", "~x", "x" * 200, "ä"]
)
def test_a_path_is_no_name(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_place("sqlite", {"file": name})
    assert "file" in refused.value.errors


def _link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _text(path: Path) -> None:
    path.write_text("not a database")


def _damaged(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_link, "file-missing"),
        (_pipe, "file-missing"),
        (_folder, "file-missing"),
        (lambda path: None, "file-missing"),
        (_text, "malformed"),
        (_damaged, "malformed"),
    ],
)
def test_what_is_no_plain_database_file_is_refused(
    make: Callable[[Path], None], reason: str, folder: Path
) -> None:
    make(folder / "x.db")
    with pytest.raises(SourceRefused) as refused, opened_file(SqlitePlace("x.db"), "acme") as it:
        it.execute("select name from sqlite_schema").fetchall()
    assert refused.value.reason == reason


def test_a_workspace_does_not_reach_the_folder_of_another(shop: Path) -> None:
    with pytest.raises(SourceRefused), opened_file(SqlitePlace(shop.name), "globex"):
        pass


def test_a_folder_that_is_a_link_is_not_followed(shop: Path) -> None:
    (shop.parent.parent / "globex").symlink_to(shop.parent)
    with pytest.raises(SourceRefused), opened_file(SqlitePlace(shop.name), "globex"):
        pass


@pytest.mark.parametrize(
    "statement",
    ["delete from orders", "attach '/tmp/x' as y", "create table x (a)", "pragma journal_mode=wal"],
)
def test_nothing_can_be_written(statement: str, shop: Path) -> None:
    before = shop.read_bytes()
    with pytest.raises(SourceRefused), opened_file(SqlitePlace(shop.name), "acme") as database:
        database.execute(statement)
    assert shop.read_bytes() == before


@pytest.mark.parametrize(
    "name",
    ["<b>x</b>", "a\u202eb", "x" * 10_000, "two\nlines", 'q"uo', "semi;colon", " ", "tab\there"],
)
def test_hostile_names_of_a_file_are_kept_fit(
    name: str, source: Integration, shop: Path, max_actor: Actor
) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    with sqlite3.connect(shop) as database:
        database.execute(f"create table {quoted} ({quoted} {quoted}, b)")
    database.close()
    run = read(source, max_actor)
    assert run.status == "finished", run.error_message
    assert Resource.objects.count() == 3
    row = Resource.objects.exclude(name__in=["orders", "large"]).get()
    assert 0 < len(row.name) <= 255
    assert row.name.isprintable() or "\u202e" in row.name
    assert Field.objects.filter(resource=row).count() == 2


def test_a_failed_run_says_why_and_leaves_what_was_there(
    source: Integration, shop: Path, max_actor: Actor
) -> None:
    read(source, max_actor)
    shop.unlink()
    run = read(source, max_actor)
    assert (run.status, run.error_code) == ("failed", "file-missing")
    assert str(shop.parent) not in run.error_message
    source.refresh_from_db()
    assert (source.status, source.last_error_code) == ("failing", "file-missing")
    assert Resource.objects.count() == 2


def test_a_run_that_is_queued_when_pause_is_pressed_reads_nothing(
    source: Integration, max_actor: Actor
) -> None:
    run = run_integration(source, actor=max_actor, at=timezone.now())
    pause_integration(source, actor=max_actor, at=timezone.now())
    carry_out(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("stopped", "import-stopped")
    assert not Resource.objects.exists()


def test_a_run_whose_worker_died_is_taken_over_whole(source: Integration, max_actor: Actor) -> None:
    run = run_integration(source, actor=max_actor, at=timezone.now())
    assert claim(run.pk, at=timezone.now() - timedelta(minutes=2))
    announce_unattended(timezone.now())  # wakes another
    carry_out(run.pk)
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("finished", 2)
    assert Resource.objects.count() == 2
