"""Checkpoints, the check of the log, the published keys and the sealing."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import Checkpoint, Event, Leaf
from audit.names import EventName
from audit.signing import load_keys, own_keys
from audit.verify import verify
from portal.evidence.actions import CHECK_PAUSE
from portal.evidence.tasks import seal_late, seal_log, seal_new, seal_thoroughly
from portal.queue.names import JobName
from tenants.clock import shifted
from tenants.models import Membership


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Jobs that were published, instead of a broker."""
    jobs = []
    monkeypatch.setattr("portal.evidence.tasks.enqueue", lambda job, **ids: jobs.append((job, ids)))
    return jobs


def test_a_downloaded_checkpoint_finds_a_cut(
    ada: Membership, tell: Callable[..., Any], client_of: Callable[..., Any], tmp_path: Path
) -> None:
    tell(ada)
    client = client_of(ada)
    response = client.get(reverse("checkpoint-latest", args=["acme"]))
    document = json.loads(response.content)
    assert document["size"] == Leaf.objects.count()
    report = verify(ada.organization_id, keys=own_keys(), checkpoint=document)
    assert report.ok
    again = client.get(reverse("checkpoint-show", args=["acme", document["size"]]))
    assert json.loads(again.content) == document
    assert client.get(reverse("checkpoint-show", args=["acme", 999])).status_code == 404
    assert Event.objects.filter(name=EventName.CHECKPOINT_DOWNLOADED).count() == 2


def test_check_now_says_whole_and_then_names_the_changed_event(
    ada: Membership, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    identifier = tell(ada)
    client = client_of(ada)
    whole = client.post(reverse("log-verify", args=["acme"]))
    assert "The log is whole." in whole.content.decode()
    _change(identifier)
    again = client.post(reverse("log-verify", args=["acme"]), follow=True)
    assert "checked a moment ago" in again.content.decode()
    with shifted(CHECK_PAUSE * 2):
        changed = client.post(reverse("log-verify", args=["acme"])).content.decode()
    assert "The log was changed outside the product." in changed
    assert str(identifier) in changed
    assert Event.objects.filter(name=EventName.LOG_VERIFIED).count() == 2


def _change(identifier: UUID) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute('DROP TRIGGER IF EXISTS "gatehouse_append_only_audit_event_update"')
            identifier = identifier.hex
        else:
            cursor.execute("reset role")
        cursor.execute("UPDATE audit_event SET outcome = 'x' WHERE id = %s", [identifier])


def test_the_keys_are_published_to_everybody(client: Client, db: None, tmp_path: Path) -> None:
    response = client.get("/.well-known/gatehouse-keys.json")
    assert response.status_code == 200
    saved = tmp_path / "keys.json"
    saved.write_bytes(response.content)
    assert load_keys(saved).keys() == own_keys().keys()
    assert "d" not in response.json()["keys"][0]


def test_the_list_of_checkpoints(
    ada: Membership, tell: Callable[..., Any], client_of: Callable[..., Any], sent: list[Any]
) -> None:
    client = client_of(ada)
    seal_log(organization_id=str(ada.organization_id))
    page = client.get(reverse("checkpoint-list", args=["acme"])).content.decode()
    assert Checkpoint.objects.get().root[:16] in page


def test_the_sweep_wakes_a_sealer_for_each_log_that_waits(
    ada: Membership, ned: Membership, at: datetime, sent: list[Any]
) -> None:
    organizations = {ada.organization_id, ned.organization_id}
    for sweep in (seal_new, seal_late, seal_thoroughly):
        sent.clear()
        sweep(at)
        assert {ids["organization_id"] for _job, ids in sent} >= organizations
        assert {job for job, _ids in sent} == {JobName.LOG_SEAL}
    assert all(ids["thorough"] == 1 for _job, ids in sent)


def test_sealing_covers_everything_and_wakes_the_mailer(ada: Membership, sent: list[Any]) -> None:
    seal_log(organization_id=str(ada.organization_id))
    assert Leaf.objects.count() == Event.objects.count()
    assert Checkpoint.objects.get().size == Leaf.objects.count()
    assert [job for job, _ids in sent] == [JobName.MAIL_SEND]
    sent.clear()
    seal_log(organization_id=str(ada.organization_id))
    assert sent == []
    assert Checkpoint.objects.count() == 1
