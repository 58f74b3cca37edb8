"""The main job as people do it: import, see, revoke, delete, and read it all in the log."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client

from portal.catalog.ingest.running import carry_out
from portal.catalog.models import ImportRun, Resource, Upload
from portal.fulfilment.running import run_ticket
from portal.tickets.models import Ticket
from tenants import clock
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership

pytestmark = pytest.mark.django_db(transaction=True)
ARTIFACTS = Path(settings.BASE_DIR) / "tests" / "data" / "dbt-olist"
ClientOf = Callable[..., Client]


@pytest.fixture
def imported(max_: Membership, client_of: ClientOf) -> str:
    """The address of an integration made and filled through the pages."""
    browser = client_of(max_)
    made = browser.post(
        "/o/acme/integrations/new/", {"name": "Olist warehouse", "kind": "dbt_artifacts"}
    )
    where: str = made["Location"].split("imports/")[0]
    with (
        (ARTIFACTS / "manifest.json").open("rb") as one,
        (ARTIFACTS / "catalog.json").open("rb") as two,
    ):
        sent = browser.post(f"{where}imports/new/", {"manifest": one, "catalog": two})
    assert sent.status_code == 302, sent.content.decode()[:2000]
    carry_out(ImportRun.objects.get().pk)
    return where


def worker(number: str) -> Ticket:
    """What the two lanes of workers do, until the request rests."""
    ticket = Ticket.objects.get(number=number)
    for _turn in range(40):
        run_ticket(ticket.pk)
        run_ticket(ticket.pk, bulk=True)
    ticket.refresh_from_db()
    return ticket


def test_real_artifacts_are_listed_and_their_files_are_gone(
    imported: str, max_: Membership, mia: Membership, client_of: ClientOf
) -> None:
    assert Resource.objects.count() == 18
    assert sum(resource.field_count for resource in Resource.objects.all()) == 118
    assert not Upload.objects.filter(deleted_at__isnull=True).exists()
    assert not _files(f"artifacts/{max_.organization_id}")
    assert "dim_customers" in client_of(max_).get("/o/acme/catalog/").content.decode()
    assert "dim_customers" not in client_of(mia).get("/o/acme/catalog/").content.decode()


def test_a_revoked_person_is_out_at_once_and_proven_out_later(
    ada: Membership, mia: Membership, client_of: ClientOf, actor_of: Callable[..., Actor]
) -> None:
    theirs = client_of(mia)
    _token, text = issue_token(
        actor=actor_of(mia),
        at=clock.now(),
        name="mine",
        scopes=["catalog:view"],
        lasts=timedelta(days=1),
    )
    bearer = {"authorization": f"Bearer {text}"}
    assert theirs.get("/o/acme/catalog/").status_code == 200
    assert Client().get("/api/v1/me", headers=bearer).status_code == 200

    admin = client_of(ada)
    filed = admin.post(f"/o/acme/requests/revoke/?member={mia.pk}", {"reason": "left"})

    assert theirs.get("/o/acme/catalog/").status_code == 404
    assert Client().get("/api/v1/me", headers=bearer).status_code == 401
    assert worker("REV-1001").status == "completed"
    shown = admin.get(filed["Location"]).content.decode()
    assert "Proof of no access" in shown
    assert text[:12] in shown
    assert text not in shown


def test_a_deletion_ends_in_a_certificate_that_others_can_check(
    imported: str, ada: Membership, client_of: ClientOf, tmp_path: Path
) -> None:
    owner = client_of(ada)
    target = imported.rstrip("/").rsplit("/", 1)[-1]
    wish = {"target": target, "confirmation": "Olist warehouse"}
    assert owner.post("/o/acme/requests/delete/", wish).status_code == 302
    with clock.shifted(timedelta(minutes=15, seconds=1)):
        assert worker("DEL-301").status == "erased"
    assert not Resource.objects.exists()

    paper = tmp_path / "certificate.json"
    paper.write_bytes(_read(owner.get("/o/acme/requests/DEL-301/certificate.json")))
    keys = tmp_path / "keys.json"
    keys.write_bytes(Client().get("/.well-known/gatehouse-keys.json").content)
    call_command("certificate_verify", str(paper), "--keys", str(keys))
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_bytes(paper.read_bytes().replace(b"Olist", b"Olisd", 1))
    with pytest.raises(CommandError, match="changed"):
        call_command("certificate_verify", str(spoilt), "--keys", str(keys))

    log = owner.get("/o/acme/audit/?reference=DEL-301").content.decode()
    assert "DEL-301" in log
    rows = _read(owner.get("/o/acme/audit/export.csv?reference=DEL-301")).decode().splitlines()
    assert len(rows) > 5
    assert all("DEL-301" in row for row in rows[1:])


def _read(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def _files(folder: str) -> list[str]:
    return default_storage.listdir(folder)[1] if default_storage.exists(folder) else []
