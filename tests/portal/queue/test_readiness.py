"""Machines see at once when a part of the system is dead."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from portal.queue.models import Heartbeat
from tenants.clock import now

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _everything_lives() -> None:
    (settings.BROKER_FOLDER / "messages").mkdir(parents=True, exist_ok=True)
    for part in ("beat", "worker"):
        Heartbeat.pulse(part, at=now())


def test_all_parts_alive_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.json()["checks"]["beat"] == "ok"
    assert answer.status_code == 200, answer.json()


@pytest.mark.parametrize("part", ["beat", "worker"])
def test_a_silent_part_is_named(client: Client, part: str) -> None:
    Heartbeat.pulse(part, at=now() - timedelta(seconds=61))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"][part].startswith("was last seen")


def test_a_part_that_never_spoke_is_not_ready(client: Client) -> None:
    Heartbeat.objects.all().delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["beat"] == "was never seen"


def test_health_needs_no_other_part(client: Client) -> None:
    Heartbeat.objects.all().delete()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Request-Id"]


def test_metrics_show_the_silence_of_each_part(client: Client) -> None:
    text = client.get("/metrics").content.decode()
    assert 'gatehouse_silence_seconds{part="beat"}' in text
    assert 'gatehouse_ready{part="database"} 1.0' in text


def test_metrics_with_a_token_are_for_its_holder(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "figures"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer figures"}).status_code == 200
    settings.METRICS_TOKEN, settings.EMBEDDED = "", False
    assert client.get("/metrics").status_code == 404
