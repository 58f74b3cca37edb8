"""Publishing wakes a worker after the commit, and never holds up or breaks the request."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.db import transaction

from portal.celery import app
from portal.queue import publishing
from portal.queue.names import JobName
from portal.queue.publishing import Breaker, enqueue, publish

ORGANIZATION = UUID("01890000-0000-7000-8000-000000000001")


@pytest.fixture
def broker() -> Iterator[Path]:
    """The folder of a file-system broker of this test's own."""
    folder = settings.BROKER_FOLDER / "messages"
    (settings.BROKER_FOLDER / "control").mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    yield from _published_to("filesystem://", folder)


def _published_to(url: str, given: Path) -> Iterator[Path]:
    before = app.conf.broker_write_url, app.conf.broker_transport_options
    app.conf.broker_write_url = url
    if url.startswith("filesystem"):
        app.conf.broker_transport_options = {
            "data_folder_in": str(given),
            "data_folder_out": str(given),
            "control_folder": str(given.parent / "control"),
        }
    publishing._producers.cache_clear()
    yield given
    app.conf.broker_write_url, app.conf.broker_transport_options = before
    publishing._producers.cache_clear()


def messages(folder: Path) -> list[str]:
    return [path.read_text() for path in sorted(folder.iterdir())]


@pytest.mark.django_db(transaction=True)
def test_a_message_leaves_after_the_commit(broker: Path) -> None:
    with transaction.atomic():
        enqueue(JobName.SWEEP_RUN, name="worker.pulse")
        assert messages(broker) == []
    assert len(messages(broker)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_sends_nothing(broker: Path) -> None:
    with transaction.atomic():
        enqueue(JobName.SWEEP_RUN, name="worker.pulse")
        transaction.set_rollback(True)
    assert messages(broker) == []


@pytest.mark.django_db(transaction=True)
def test_the_message_goes_to_the_queue_of_the_definition(broker: Path) -> None:
    enqueue(JobName.SWEEP_RUN, name="worker.pulse")
    assert [path.name.split(".")[-2] for path in broker.iterdir()] == ["default"]


@pytest.mark.django_db(transaction=True)
def test_ids_travel_as_plain_json(broker: Path) -> None:
    enqueue(JobName.TICKET_PROCESS, organization_id=ORGANIZATION, ticket_id=ORGANIZATION)
    (message,) = messages(broker)
    assert '"content-type": "application/json"' in message


@pytest.mark.django_db(transaction=True)
def test_a_removed_broker_folder_is_made_again(broker: Path) -> None:
    broker.rmdir()
    enqueue(JobName.SWEEP_RUN, name="worker.pulse")
    assert len(messages(broker)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_broken_broker_never_reaches_the_caller(broker: Path) -> None:
    broker.rmdir()
    broker.write_text("a file where the folder should be")
    with transaction.atomic():
        enqueue(JobName.SWEEP_RUN, name="worker.pulse")
    assert publishing.breaker.is_open()
    assert not publish(JobName.SWEEP_RUN, {"name": "worker.pulse"})
    broker.unlink()


def test_a_hanging_broker_costs_half_a_second_once() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        for _ in _published_to(url, Path()):
            app.conf.broker_transport_options = {}
            publishing.prepare.cache_clear()
            publishing.prepare()
            first = _seconds(lambda: publish(JobName.SWEEP_RUN, {"name": "worker.pulse"}))
            second = _seconds(lambda: publish(JobName.SWEEP_RUN, {"name": "worker.pulse"}))
    assert first < 1.5
    assert second < 0.05


def _seconds(call: object) -> float:
    started = time.monotonic()
    assert call() is False  # type: ignore[operator]
    return time.monotonic() - started


def test_a_breaker_closes_again_after_its_rest() -> None:
    breaker = Breaker(rest=0.05)
    breaker.trip()
    assert breaker.is_open()
    time.sleep(0.06)
    assert not breaker.is_open()
