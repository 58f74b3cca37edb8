"""An organization's log with a few events in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from pytest_django.fixtures import Settings

from audit.identifiers import new_id
from audit.models import Checkpoint
from audit.names import EventName
from audit.recorder import Target, record
from audit.tree import make_checkpoint, seal_pending
from tests.audit.actors import Somebody

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def keys(settings: Settings, tmp_path: Path) -> Path:
    settings.KEY_FOLDER = tmp_path / "keys"
    settings.EMBEDDED = True
    return tmp_path / "keys"


@pytest.fixture
def organization_id(db: None) -> Iterator[UUID]:
    identifier = new_id()
    _announce(str(identifier), "on")
    yield identifier
    _announce("", "")


@pytest.fixture
def actor(organization_id: UUID) -> Somebody:
    return Somebody(organization_id)


@pytest.fixture
def tell(actor: Somebody) -> Callable[..., UUID]:
    def one(name: EventName = EventName.TEAM_CREATED, **more: Any) -> UUID:
        with transaction.atomic():
            return record(name, actor=actor, target=Target("team", new_id(), "Finance"), **more)

    return one


@pytest.fixture
def sealed(tell: Callable[..., UUID], organization_id: UUID) -> list[UUID]:
    """Eight events, sealed, under two checkpoints."""
    first = [tell() for _ in range(5)]
    seal(organization_id)
    second = [tell() for _ in range(3)]
    seal(organization_id)
    return first + second


def seal(organization_id: UUID) -> Checkpoint:
    seal_pending(organization_id)
    checkpoint = make_checkpoint(organization_id, at=AT)
    assert checkpoint is not None
    return checkpoint


@pytest.fixture
def tamper(db: None) -> Callable[..., None]:
    """Run SQL as somebody who can switch the guards off."""

    def run(statement: str, *values: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [_adapted(value) for value in values])

    with connection.cursor() as cursor:
        _drop_guards(cursor)
    return run


def _drop_guards(cursor: CursorWrapper) -> None:
    if connection.vendor != "sqlite":
        cursor.execute("RESET ROLE")
        return
    cursor.execute(
        "SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name LIKE 'audit_%%'"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP TRIGGER "{name}"')


def _adapted(value: object) -> object:
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


def _announce(organization: str, system: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('gatehouse.organization', %s, false),"
                " set_config('gatehouse.system', %s, false)",
                [organization, system],
            )
