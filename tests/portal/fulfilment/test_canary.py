"""A word is planted in every place that holds customers' data, and looked for afterwards."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ours
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client

from portal.catalog.models import Field, ImportRun, Integration, Metric, Resource, Upload
from portal.fulfilment.models import Certificate
from portal.queue.publishing import quick_connection
from portal.tickets.actions import file_deletion
from portal.tickets.rules import Scope, Status
from portal.tickets.subjects import Wish
from tenants.access import Actor
from tenants.models import Invitation, Membership, Organization, Policy, Team
from tests.portal.fulfilment.conftest import Work
from tests.portal.fulfilment.test_scopes import held_anywhere

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "canary7f3asalaries"


def plant_in_the_catalogue(integration: Integration, at: datetime) -> None:
    resource = Resource.objects.first()
    Resource.objects.update(name=CANARY, description=CANARY)
    Field.objects.update(name=CANARY)
    Metric.objects.create(
        integration=integration, resource=resource, name=CANARY, label=CANARY, value=CANARY
    )
    path = f"artifacts/{integration.organization_id}/{integration.pk}/{CANARY}.json"
    default_storage.save(path, ContentFile(CANARY))
    run = ImportRun.objects.create(integration=integration, queued_at=at, bytes_total=1)
    Upload.objects.create(
        integration=integration, run=run, kind="manifest", path=path, size=1, digest="0",
        uploaded_at=at, expires_at=at + timedelta(days=1),
    )  # fmt: skip


def plant_in_people(mia: Membership, at: datetime, browser: Client) -> None:
    Membership.objects.filter(pk=mia.pk).update(name=f"{CANARY} Vos", email=f"{CANARY}@acme.test")
    Team.objects.create(name=CANARY, description=CANARY, created_at=at)
    Invitation.objects.create(
        email=f"{CANARY}@other.test", name=CANARY, role="viewer", created_at=at,
        expires_at=at + timedelta(days=1),
    )  # fmt: skip
    Organization.objects.filter(pk=mia.organization_id).update(
        security_contact=f"{CANARY}@acme.test"
    )
    session = browser.session
    session["search"] = CANARY
    session.save()


def files_that_hold(text: str) -> Iterator[Path]:
    """Below everything the installation writes, the database's own files and its log included."""
    folders = [ours.GATEHOUSE_HOME, ours.UPLOAD_FOLDER, ours.LEDGER_FOLDER]
    if connection.vendor == "sqlite":
        folders.append(Path(str(connection.settings_dict["NAME"])).parent)
    for folder in {Path(folder) for folder in folders if Path(folder).is_dir()}:
        for path in folder.rglob("*"):
            if path.is_file() and (text in path.name or text.encode() in path.read_bytes()):
                yield path


def redis_that_holds(text: str) -> list[str]:
    """Keys of the broker whose dump holds the word; none where the broker is a folder."""
    if not ours.CELERY_BROKER_URL.startswith("redis"):
        return []
    with quick_connection() as broker:
        client = broker.default_channel.client
        keys = list(client.scan_iter("*"))
        return [str(key) for key in keys if text.encode() in (client.dump(key) or b"")]


@pytest.fixture
def by_ada(ada: Membership, actor_of: Callable[..., Actor]) -> Actor:
    Policy.objects.update(cooling_off=timedelta(0))
    return actor_of(ada)


@pytest.mark.parametrize("scope", [Scope.ALL_METADATA, Scope.CLOSE])
def test_the_word_is_found_nowhere_afterwards(
    scope: Scope,
    integration: Integration,
    mia: Membership,
    by_ada: Actor,
    at: datetime,
    work: Work,
    client_of: Callable[..., Client],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    browser = client_of(mia)
    plant_in_the_catalogue(integration, at)
    if scope == Scope.CLOSE:
        plant_in_people(mia, at, browser)
    assert held_anywhere(CANARY)
    assert list(files_that_hold(CANARY))
    name = by_ada.organization.name
    filed = file_deletion(
        Wish(scope), actor=by_ada, at=at, confirmation=name, reason="the contract ended"
    )

    ticket = work(filed)

    assert ticket.status == Status.ERASED
    assert held_anywhere(CANARY) == []
    assert list(files_that_hold(CANARY)) == []
    assert redis_that_holds(CANARY) == []
    assert CANARY not in Certificate.objects.get().document
    assert CANARY not in str(getattr(cache, "_cache", {}))
    assert CANARY not in caplog.text
    said = capfd.readouterr()
    assert CANARY not in said.out + said.err


def test_what_is_sent_to_workers_is_ids_alone(
    integration: Integration,
    mia: Membership,
    by_ada: Actor,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing to erase in a broker: its messages name rows, and say nothing about them."""
    from portal.celery import app  # noqa: PLC0415 - the broker's side

    sent: list[dict[str, Any]] = []
    original = app.send_task

    def listen(name: str, *args: Any, **options: Any) -> Any:
        sent.append({"name": name, "args": args, **options})
        return original(name, *args, **options)

    monkeypatch.setattr(app, "send_task", listen)
    Membership.objects.filter(pk=mia.pk).update(name=CANARY, email=f"{CANARY}@acme.test")
    mia.refresh_from_db()
    wish = Wish(Scope.PERSON, member_id=mia.pk)
    file_deletion(wish, actor=by_ada, at=at, confirmation=CANARY, reason=CANARY, revoke=True)
    assert sent
    assert CANARY not in str(sent)
    for message in sent:
        assert set(message["kwargs"]) <= {"organization_id", "ticket_id"}
