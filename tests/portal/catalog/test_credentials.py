"""Passwords of connections: sealed, sent only where they were given for, shown to nobody, gone."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from audit.models import DataKey, Event
from audit.refusals import Invalid
from portal.catalog import credentials
from portal.catalog.actions import change_connection, create_integration, resume_integration
from portal.catalog.models import Integration
from portal.tickets.actions import file_deletion
from portal.tickets.rules import Scope
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope

pytestmark = pytest.mark.django_db
SECRET = "hunter2-no-one-may-see"
PLACE = {"host": "127.0.0.1", "port": 1, "database": "shop", "user": "reader", "sslmode": "disable"}
ClientOf = Callable[..., Client]


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


def connect(actor: Actor, name: str = "Shop") -> Integration:
    return create_integration(
        actor=actor,
        at=timezone.now(),
        name=name,
        kind="postgresql",
        connection=PLACE,
        password=SECRET,
    )


@pytest.fixture
def source(max_actor: Actor) -> Integration:
    return connect(max_actor)


def event_names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_the_password_lies_sealed(source: Integration) -> None:
    assert SECRET not in source.credential
    assert credentials.opened(source) == SECRET
    assert event_names()[-1] == "integration.credential_set"
    with database.cursor() as cursor:
        cursor.execute("select credential, connection from catalog_integration")
        assert SECRET not in str(cursor.fetchall())


def test_it_opens_in_its_own_row_alone(source: Integration, max_actor: Actor) -> None:
    other = connect(max_actor, "Other")
    Integration.objects.filter(pk=other.pk).update(credential=source.credential)
    other.refresh_from_db()
    assert credentials.opened(other) == ""


@pytest.mark.parametrize(
    "change",
    [{"host": "evil.example.com"}, {"port": 2}, {"database": "x"}, {"user": "root"},
     {"sslmode": "require"}],
)  # fmt: skip
def test_a_kept_password_is_sent_to_no_other_server(
    change: dict[str, Any], source: Integration, max_actor: Actor, client_of: ClientOf
) -> None:
    with pytest.raises(Invalid) as refused:
        change_connection(
            source, actor=max_actor, at=timezone.now(), connection={**PLACE, **change}
        )
    assert "password" in refused.value.errors
    changed = change_connection(
        source,
        actor=max_actor,
        at=timezone.now(),
        connection={**PLACE, **change},
        password="another",
    )
    assert credentials.opened(changed) == "another"


def test_what_is_read_may_change_without_the_password(
    source: Integration, max_actor: Actor
) -> None:
    changed = change_connection(
        source, actor=max_actor, at=timezone.now(), connection={**PLACE, "schemas": ["public"]}
    )
    assert credentials.opened(changed) == SECRET
    assert changed.connection_version == 2
    again = change_connection(
        source, actor=max_actor, at=timezone.now(), connection={**PLACE, "schemas": ["public"]}
    )
    assert again.connection_version == 2


def test_a_new_password_destroys_the_old_one(source: Integration, max_actor: Actor) -> None:
    old = source.credential
    change_connection(
        source,
        actor=max_actor,
        at=timezone.now(),
        connection=PLACE,
        password="new",
    )
    source.refresh_from_db()
    assert credentials.opened(source) == "new"
    source.credential = old
    assert credentials.opened(source) == ""


@pytest.mark.parametrize("scope", [Scope.INTEGRATION, Scope.ALL_METADATA])
def test_filing_a_deletion_destroys_it_at_once(
    scope: Scope, source: Integration, max_actor: Actor
) -> None:
    is_one = scope == Scope.INTEGRATION
    ticket = file_deletion(
        scope,
        actor=max_actor,
        at=timezone.now(),
        confirmation="Shop" if is_one else "Acme Health",
        integration_id=source.pk if is_one else None,
    )
    assert ticket.number.startswith("DEL-")
    old = source.credential
    source.refresh_from_db()
    assert (source.credential, source.credential_set_at, source.next_run_at) == ("", None, None)
    assert source.is_paused
    source.credential = old
    assert credentials.opened(source) == ""
    keys = DataKey.objects.filter(purpose="integration", subject=str(source.pk))
    assert all(key.wrapped is None and key.destroyed_at for key in keys)
    assert "integration.credential_destroyed" in event_names()


def test_after_a_withdrawn_deletion_it_takes_a_new_password(
    source: Integration, max_actor: Actor
) -> None:
    file_deletion(
        Scope.INTEGRATION,
        actor=max_actor,
        at=timezone.now(),
        confirmation="Shop",
        integration_id=source.pk,
    )
    source.refresh_from_db()
    change_connection(source, actor=max_actor, at=timezone.now(), connection=PLACE, password=SECRET)
    source.refresh_from_db()
    assert credentials.opened(source) == SECRET
    assert not resume_integration(source, actor=max_actor).is_paused


def test_deleting_one_leaves_the_password_of_another(source: Integration, max_actor: Actor) -> None:
    other = connect(max_actor, "Other")
    file_deletion(
        Scope.INTEGRATION,
        actor=max_actor,
        at=timezone.now(),
        confirmation="Shop",
        integration_id=source.pk,
    )
    other.refresh_from_db()
    assert credentials.opened(other) == SECRET
    assert not other.is_paused


def test_no_page_answer_or_event_shows_it(
    source: Integration,
    max_: Membership,
    max_actor: Actor,
    client_of: ClientOf,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client, where = client_of(max_), f"/o/acme/integrations/{source.pk}/"
    pages = [client.get(where), client.get(f"{where}settings/"), client.get("/o/acme/audit/")]
    form = {**PLACE, "secret": SECRET, "schemas": "", "without_schemas": ""}
    pages.append(client.post(f"{where}settings/connection/", {**form, "do": "test"}))
    pages.append(client.post(f"{where}settings/connection/", {**form, "port": "x"}))
    new = {**form, "kind": "postgresql", "name": "Second"}
    pages.append(client.post("/o/acme/integrations/new/", {**new, "do": "test"}))
    pages.append(client.post("/o/acme/integrations/new/", {**new, "name": "Shop", "do": "save"}))
    _token, text = issue_token(
        actor=max_actor,
        at=timezone.now(),
        name="t",
        scopes=["integration:view", "integration:manage"],
        lasts=timedelta(days=1),
    )
    headers = {"Authorization": f"Bearer {text}", "Idempotency-Key": "k-1"}
    body = {"name": "Third", "kind": "postgresql", "connection": PLACE, "password": SECRET}
    for path, sent in (
        ("integrations", body),
        ("integrations", {**body, "name": "Third", "x": 1}),
        (f"integrations/{source.pk}/connection", {"connection": PLACE, "password": SECRET}),
        ("integrations/test", {k: v for k, v in body.items() if k != "name"}),
        (f"integrations/{source.pk}/test", {}),
    ):
        pages.append(
            Client().post(
                f"/api/v1/{path}",
                json.dumps(sent),
                content_type="application/json",
                headers={**headers, "Idempotency-Key": f"k-{len(pages)}"},
            )
        )
    pages.append(Client().get(f"/api/v1/integrations/{source.pk}", headers=headers))
    assert {page.status_code for page in pages} == {200, 201, 422}
    assert all(SECRET not in page.content.decode() for page in pages)
    call_command("integrations", organization="acme", json=True)
    assert SECRET not in capsys.readouterr().out
    assert SECRET not in caplog.text
    assert SECRET not in json.dumps(list(Event.objects.values()), default=str)


def test_trying_a_changed_server_does_not_send_the_kept_password(
    source: Integration, max_: Membership, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    real = credentials.opened

    def note(integration: Integration) -> str:
        sent.append(integration.name)
        return real(integration)

    monkeypatch.setattr(credentials, "opened", note)
    where = f"/o/acme/integrations/{source.pk}/settings/connection/"
    form = {**PLACE, "secret": "", "schemas": "", "without_schemas": "", "do": "test"}
    client_of(max_).post(where, {**form, "host": "localhost"})
    assert sent == []
    client_of(max_).post(where, form)
    assert sent == ["Shop"]
