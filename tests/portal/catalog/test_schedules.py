"""Runs by schedule: due instants are columns, a missed one is made up for once, pause holds."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Event
from audit.refusals import Invalid
from portal.catalog.actions import (
    create_integration,
    pause_integration,
    resume_integration,
    run_integration,
    schedule_integration,
    start_due,
)
from portal.catalog.health import troubles_of
from portal.catalog.models import ImportRun, Integration
from portal.catalog.refusals import WrongKind
from portal.catalog.schedules import Every, Schedule
from portal.catalog.tasks import begin_due
from tenants.access import Actor, system_actor
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.racing import race

SATURDAY = datetime(2026, 1, 31, 10, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        (Schedule(), None),
        (Schedule(Every.HOURLY, time(0, 0)), datetime(2026, 1, 31, 11, 0, tzinfo=UTC)),
        (Schedule(Every.HOURLY, time(9, 45)), datetime(2026, 1, 31, 10, 45, tzinfo=UTC)),
        (Schedule(Every.HOURLY, time(0, 30)), datetime(2026, 1, 31, 11, 30, tzinfo=UTC)),
        (Schedule(Every.SIX_HOURS, time(0, 15)), datetime(2026, 1, 31, 12, 15, tzinfo=UTC)),
        (Schedule(Every.DAILY, time(10, 31)), datetime(2026, 1, 31, 10, 31, tzinfo=UTC)),
        (Schedule(Every.DAILY, time(10, 30)), datetime(2026, 2, 1, 10, 30, tzinfo=UTC)),
        (Schedule(Every.WEEKLY, time(3, 0), 0), datetime(2026, 2, 2, 3, 0, tzinfo=UTC)),
        (Schedule(Every.WEEKLY, time(3, 0), 5), datetime(2026, 2, 7, 3, 0, tzinfo=UTC)),
        (Schedule(Every.WEEKLY, time(3, 0), 6), datetime(2026, 2, 1, 3, 0, tzinfo=UTC)),
    ],
)
def test_the_next_due_instant(schedule: Schedule, due: datetime | None) -> None:
    assert schedule.next_after(SATURDAY) == due


def test_a_due_instant_is_never_now() -> None:
    schedule = Schedule(Every.DAILY, time(10, 30))
    at = datetime(2026, 1, 31, 10, 30, tzinfo=UTC)
    assert schedule.next_after(at) == at + timedelta(days=1)


@pytest.fixture
def source(
    organization: Organization, max_actor: Actor, settings: Any, tmp_path: Path
) -> Iterator[Integration]:
    settings.CONNECTOR_SQLITE_DIR = tmp_path
    (tmp_path / "acme").mkdir()
    with sqlite3.connect(tmp_path / "acme" / "shop.db") as database:
        database.execute("create table t (a)")
    database.close()
    with organization_scope(organization.pk):
        made = create_integration(
            actor=max_actor,
            at=timezone.now(),
            name="Shop",
            kind="sqlite",
            connection={"file": "shop.db"},
        )
        daily = Schedule(Every.DAILY, time(3, 0))
        yield schedule_integration(
            made, actor=max_actor, at=SATURDAY - timedelta(days=5), schedule=daily
        )


@pytest.mark.django_db
def test_what_was_missed_is_one_run(source: Integration) -> None:
    begin_due(SATURDAY)
    run = ImportRun.objects.get()
    assert (run.trigger, run.started_by) == ("schedule", None)
    source.refresh_from_db()
    assert source.next_run_at == datetime(2026, 2, 1, 3, 0, tzinfo=UTC)
    begin_due(SATURDAY + timedelta(seconds=20))
    assert ImportRun.objects.count() == 1


@pytest.mark.django_db
def test_a_paused_source_is_not_begun_and_then_once(source: Integration, max_actor: Actor) -> None:
    pause_integration(source, actor=max_actor, at=SATURDAY)
    begin_due(SATURDAY)
    assert not ImportRun.objects.exists()
    source.refresh_from_db()
    assert source.due_at is None
    resume_integration(source, actor=max_actor)
    begin_due(SATURDAY)
    assert ImportRun.objects.count() == 1


@pytest.mark.django_db
def test_an_open_run_is_enough(source: Integration, max_actor: Actor) -> None:
    run_integration(source, actor=max_actor, at=SATURDAY)
    begin_due(SATURDAY)
    assert ImportRun.objects.count() == 1
    source.refresh_from_db()
    assert source.next_run_at is not None
    assert source.next_run_at > SATURDAY


@pytest.mark.django_db
def test_a_schedule_is_recorded_once_and_only_where_something_is_read(
    source: Integration, max_actor: Actor
) -> None:
    schedule_integration(source, actor=max_actor, at=SATURDAY, schedule=source.schedule)
    names = list(Event.objects.values_list("name", flat=True))
    assert names.count("integration.scheduled") == 1
    pushed = create_integration(actor=max_actor, at=SATURDAY, name="Agent", kind="json")
    with pytest.raises(WrongKind):
        schedule_integration(pushed, actor=max_actor, at=SATURDAY, schedule=source.schedule)
    for wrong in (Schedule("yearly"), Schedule(Every.WEEKLY, time(0, 0), 7)):
        with pytest.raises(Invalid):
            schedule_integration(source, actor=max_actor, at=SATURDAY, schedule=wrong)


@pytest.mark.django_db
def test_the_home_page_knows_what_is_stale(source: Integration, max_actor: Actor) -> None:
    assert [one.said for one in troubles_of(max_actor, SATURDAY)] == ["1 never read"]
    Integration.objects.update(status="ready", last_sync_at=SATURDAY - timedelta(hours=47))
    assert troubles_of(max_actor, SATURDAY) == []
    Integration.objects.update(last_sync_at=SATURDAY - timedelta(hours=49))
    assert [one.said for one in troubles_of(max_actor, SATURDAY)] == ["1 not read for too long"]
    Integration.objects.update(paused_at=SATURDAY)
    assert [one.said for one in troubles_of(max_actor, SATURDAY)] == ["1 paused"]


@pytest.mark.django_db(transaction=True)
def test_many_sweeps_at_once_begin_one_run(source: Integration) -> None:
    actor = system_actor(source.organization)
    attempts = [lambda: start_due(source, actor=actor, at=SATURDAY)] * 4
    results = race(attempts, organization_id=source.organization_id)  # type: ignore[arg-type]
    assert sum(isinstance(result, ImportRun) for result in results) == 1, results
    assert ImportRun.objects.count() == 1
