"""The embedded broker's folder: whole messages, taken once, and no crash when it vanishes."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "broker"


@pytest.fixture
def connection(folder: Path) -> Iterator[Connection]:
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
        "processed_folder": str(folder / "taken"),
        "polling_interval": 0.01,
    }
    with Connection(
        "filesystem://localhost",
        transport="portal.queue.folder:Transport",
        transport_options=options,
    ) as made:
        yield made


def taken(channel: Any, queue: str) -> list[Any]:
    found = []
    while True:
        try:
            found.append(channel._get(queue))
        except Empty:
            return found


def test_messages_come_in_order_and_stay_in_their_queue(connection: Connection) -> None:
    channel = connection.channel()
    for number in range(3):
        channel._put("sla", {"number": number})
    channel._put("bulk", {"number": 9})
    assert channel._size("sla") == 3
    assert [message["number"] for message in taken(channel, "sla")] == [0, 1, 2]
    assert [message["number"] for message in taken(channel, "bulk")] == [9]


def test_two_workers_take_each_message_once(connection: Connection) -> None:
    channel = connection.channel()
    for number in range(200):
        channel._put("sla", {"number": number})
    found: list[Any] = []
    workers = [
        threading.Thread(target=lambda: found.extend(taken(connection.channel(), "sla")))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(message["number"] for message in found) == list(range(200))


def test_a_message_being_written_is_not_seen(connection: Connection, folder: Path) -> None:
    channel = connection.channel()
    channel._put("sla", {"number": 1})
    (folder / "messages" / ".00_draft.sla.msg").write_text("")
    assert channel._size("sla") == 1
    assert len(taken(channel, "sla")) == 1


def test_a_broken_message_is_dropped(connection: Connection, folder: Path) -> None:
    channel = connection.channel()
    channel._put("sla", {"number": 1})
    (folder / "messages" / "00_broken.sla.msg").write_text("")
    assert [message["number"] for message in taken(channel, "sla")] == [1]
    assert channel._size("sla") == 0


def test_a_removed_folder_is_an_empty_queue(connection: Connection, folder: Path) -> None:
    channel = connection.channel()
    channel._put("sla", {"number": 1})
    shutil.rmtree(folder)
    assert taken(channel, "sla") == []
    channel._put("sla", {"number": 2})
    assert [message["number"] for message in taken(channel, "sla")] == [2]
    assert channel._purge("sla") == 0
