"""Connecting and keeping a source, in the browser, over the API and from the command line."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.refusals import StepUpNeeded
from portal.catalog.actions import change_connection, create_integration, run_integration
from portal.catalog.ingest import running
from portal.catalog.ingest.bench import Bench
from portal.catalog.ingest.running import carry_out, claim, heartbeat
from portal.catalog.models import ImportRun, Integration, Resource
from portal.catalog.refusals import ImportStopped
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.cast import open_session

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
NEW = "/o/acme/integrations/new/"


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.CONNECTOR_SQLITE_DIR = tmp_path
    (tmp_path / "acme").mkdir()
    with sqlite3.connect(tmp_path / "acme" / "shop.db") as database:
        database.execute("create table orders (id integer)")
    database.close()


@pytest.fixture
def source(max_actor: Actor) -> Integration:
    return create_integration(
        actor=max_actor,
        at=timezone.now(),
        name="Shop",
        kind="sqlite",
        connection={"file": "shop.db"},
    )


def test_each_kind_says_what_it_may_do_before_it_is_connected(
    max_: Membership, client_of: ClientOf
) -> None:
    client = client_of(max_)
    chooser = client.get(NEW).content.decode()
    for kind in ("dbt_artifacts", "postgresql", "sqlite", "scan_results", "json"):
        assert f"?kind={kind}" in chooser
        page = client.get(f"{NEW}?kind={kind}").content.decode()
        assert "Never writes to your source" in page
    assert "no rows" in client.get(f"{NEW}?kind=postgresql").content.decode()
    assert client.post(NEW, {"kind": "oracle", "name": "x"}).status_code == 422


def test_try_first_then_connect_run_and_schedule(max_: Membership, client_of: ClientOf) -> None:
    client = client_of(max_)
    form = {"kind": "sqlite", "name": "Shop", "file": "shop.db"}
    tried = client.post(NEW, {**form, "do": "test"})
    assert "It works: 1 table or view can be seen." in tried.content.decode()
    assert not Integration.objects.exists()
    wrong = client.post(NEW, {**form, "file": "other.db", "do": "test"})
    assert "There is no such file" in wrong.content.decode()
    assert client.post(NEW, {**form, "file": "../x", "do": "save"}).status_code == 422

    assert client.post(NEW, {**form, "do": "save"}).status_code == 302
    source = Integration.objects.get()
    where = f"/o/acme/integrations/{source.pk}/"
    sent = client.post(f"{where}run/")
    run = ImportRun.objects.get()
    assert sent["Location"] == f"{where}imports/{run.pk}/"
    carry_out(run.pk)
    assert "orders" in client.get(where).content.decode()
    daily = {"every": "daily", "clock": "03:30", "weekday": "0"}
    assert client.post(f"{where}settings/schedule/", daily).status_code == 302
    source.refresh_from_db()
    assert source.next_run_at is not None
    assert (source.next_run_at.hour, source.next_run_at.minute) == (3, 30)
    assert client.post(f"{where}settings/schedule/", {"every": "never"}).status_code == 422
    assert client.post(f"{where}settings/schedule/", {**daily, "clock": "25:00"}).status_code == 422


def test_a_changed_connection_stops_the_open_run(
    source: Integration, max_actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_integration(source, actor=max_actor, at=timezone.now())
    claimed = claim(run.pk, at=timezone.now())
    assert claimed is not None
    with Bench() as bench:
        beat = heartbeat(claimed, bench, version=source.connection_version)
        change_connection(
            source, actor=max_actor, at=timezone.now(), connection={"file": "other.db"}
        )
        monkeypatch.setattr(running, "BEAT_SECONDS", 0.0)
        with pytest.raises(ImportStopped):
            beat(1)


def test_a_connection_changes_only_after_a_fresh_proof(
    source: Integration, max_: Membership, actor_of: Callable[..., Actor], client_of: ClientOf,
    call: Callable[..., Any],
) -> None:  # fmt: skip
    refused = call("post", f"integrations/{source.pk}/connection", {"connection": {"file": "a.db"}})
    assert (refused.status_code, refused.json()["code"]) == (403, "step-up-needed")
    stale = actor_of(max_, stepped_up=False)
    with pytest.raises(StepUpNeeded):
        change_connection(source, actor=stale, at=timezone.now(), connection={"file": "other.db"})
    where = f"/o/acme/integrations/{source.pk}/settings/connection/"
    for do in ("save", "test"):
        client = Client()
        open_session(client, max_, stepped_up=False)
        answer = client.post(where, {"file": "other.db", "do": do})
        assert answer.status_code == 302
        assert "?next=" in answer["Location"]
    source.refresh_from_db()
    assert source.connection == {"file": "shop.db"}
    assert client_of(max_).post(where, {"file": "other.db", "do": "save"}).status_code == 302
    source.refresh_from_db()
    assert source.connection == {"file": "other.db"}


def test_members_without_the_right_are_refused(
    source: Integration, aud: Membership, ned: Membership, client_of: ClientOf
) -> None:
    where = f"/o/acme/integrations/{source.pk}/"
    posts = ("run/", "settings/connection/", "settings/schedule/", "settings/", "pause/")
    auditor = client_of(aud)
    for path in posts:
        assert auditor.post(f"{where}{path}").status_code == 403
    assert auditor.get(NEW).status_code == 403
    outsider = client_of(ned)
    for path in posts:
        assert outsider.post(f"{where}{path}").status_code == 404
        foreign = f"/o/globex/integrations/{source.pk}/{path}"
        assert outsider.post(foreign).status_code == 404
    assert not ImportRun.objects.exists()


def test_warnings_stand_on_the_page(
    source: Integration, max_: Membership, client_of: ClientOf
) -> None:
    source.warn(
        [{"code": "write-tables", "is_write_right": True, "rights": ["INSERT"], "count": 1,
          "names": ["shop.<b>orders</b>"]}]
    )  # fmt: skip
    source.save()
    text = client_of(max_).get(f"/o/acme/integrations/{source.pk}/").content.decode()
    assert "The login may change 1 table (INSERT)." in text
    assert "&lt;b&gt;orders" in text
    assert "1 with a login that may write" in client_of(max_).get("/o/acme/").content.decode()


@pytest.fixture
def call(max_actor: Actor) -> Callable[..., Any]:
    _token, text = issue_token(
        actor=max_actor,
        at=timezone.now(),
        name="t",
        scopes=["integration:view", "integration:manage"],
        lasts=timedelta(days=1),
    )

    def send(method: str, path: str, body: Any = None) -> Any:
        options = {} if body is None else {"data": json.dumps(body)}
        return getattr(Client(), method)(
            f"/api/v1/{path}",
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}"},
            **options,
        )

    return send


def test_everything_over_the_api(
    call: Callable[..., Any], max_: Membership, client_of: ClientOf
) -> None:
    place = {"file": "shop.db"}
    tried = call("post", "integrations/test", {"kind": "sqlite", "connection": place})
    assert tried.json() == {
        "ok": True,
        "code": "",
        "message": "It works: 1 table or view can be seen.",
        "warnings": [],
    }
    made = call("post", "integrations", {"name": "S", "kind": "sqlite", "connection": place})
    assert made.status_code == 201, made.content
    path = f"integrations/{made.json()['id']}"
    assert made.json()["connection"] == place
    assert call("post", f"{path}/test", {}).json()["ok"] is True
    assert call("patch", path, {"name": "Shop"}).json()["name"] == "Shop"
    assert call("patch", path, {"owner": None}).json()["owner"] is None
    assert call("patch", path, {"owner": str(max_.pk)}).json()["owner"] == str(max_.pk)
    told = call("post", f"{path}/schedule", {"every": "weekly", "time": "04:05", "weekday": 6})
    assert told.json()["schedule"] == {"every": "weekly", "time": "04:05", "weekday": 6}
    assert told.json()["next_run_at"]
    run = call("post", f"{path}/run", {})
    assert (run.status_code, run.json()["trigger"]) == (201, "manual")
    assert call("post", f"{path}/run", {}).status_code == 409
    carry_out(run.json()["id"])
    runs = call("get", f"imports?integration={made.json()['id']}").json()["results"]
    assert [one["status"] for one in runs] == ["finished"]
    client_of(max_)
    assert call("post", f"{path}/connection", {"connection": {"file": "a.db"}}).status_code == 200
    assert call("post", f"{path}/pause").status_code == 200
    assert call("get", path).json()["next_run_at"] is None
    assert call("post", f"{path}/run", {}).status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("integrations", {"name": "S", "kind": "sqlite"}, "#/connection/file"),
        ("integrations", {"name": "S", "kind": "sqlite", "connection": {"host": "x"}}, "/host"),
        ("integrations", {"name": "S", "kind": "sqlite", "password": "x"}, "#/connection/file"),
        ("integrations", {"name": "S", "kind": "json", "connection": {"file": "x"}}, "#/conn"),
        ("integrations", {"name": "S", "kind": "json", "password": "x"}, "#/password"),
        ("integrations/test", {"kind": "json", "connection": {}}, "#/kind"),
        ("integrations/test", {"kind": "sqlite", "connection": {"file": "../x"}}, "/file"),
    ],
)
def test_what_does_not_hold_is_named(
    path: str, body: dict[str, Any], pointer: str, call: Callable[..., Any]
) -> None:
    answer = call("post", path, body)
    assert answer.status_code == 422, answer.content
    assert any(pointer in error["pointer"] for error in answer.json()["errors"])
    assert not Integration.objects.exists()


def test_foreign_ids_are_unknown_over_the_api(
    call: Callable[..., Any], ned_integration: Integration, ned: Membership, source: Integration
) -> None:
    for verb in ("run", "pause", "resume", "test", "schedule", "connection"):
        assert call("post", f"integrations/{ned_integration.pk}/{verb}", {}).status_code == 404
    assert call("patch", f"integrations/{source.pk}", {"owner": str(ned.pk)}).status_code == 422


def test_the_command_line_lists_and_reads(source: Integration) -> None:
    said = StringIO()
    call_command("sync_integration", "Shop", organization="acme", stdout=said)
    assert "Shop: 1 resources, 1 fields, 1 added" in said.getvalue()
    assert Resource.objects.get().name == "orders"
    said = StringIO()
    call_command("integrations", organization="acme", stdout=said)
    assert "Shop (sqlite): Up to date; read " in said.getvalue()
    said = StringIO()
    call_command("integrations", organization="acme", json=True, stdout=said)
    assert json.loads(said.getvalue())["resources"] == 1
    for name, slug in (("Nope", "acme"), ("Shop", "nope")):
        with pytest.raises(CommandError):
            call_command("sync_integration", name, organization=slug, stdout=said)
    source.paused_at = timezone.now()
    source.save()
    with pytest.raises(CommandError, match="paused"):
        call_command("sync_integration", "Shop", organization="acme", stdout=said)
    assert Event.objects.filter(name="import.finished").count() == 1
