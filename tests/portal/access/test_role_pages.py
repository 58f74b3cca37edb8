"""Roles made here, on screen and over the API: a change shows its effect before it is made."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tenants.access import Actor
from tenants.actions.roles import change_role, create_role
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Role

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
READS = ["audit:view", "catalog:view", "team:view"]


@pytest.fixture
def reader(ada: Membership, actor_of: ActorOf) -> Role:
    return create_role(actor=actor_of(ada), name="Log reader", permissions=READS)


def digest_in(answer: Any) -> str:
    shown = re.search(r'name="effect" value="([0-9a-f]+)"', answer.content.decode())
    assert shown is not None
    return shown[1]


class TestPages:
    def test_a_change_shows_who_loses_what_before_it_is_made(
        self, reader: Role, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime,
        client_of: ClientOf,
    ) -> None:  # fmt: skip
        change_role(mia, actor=actor_of(ada), at=at, custom_role=reader)
        client = client_of(ada)
        address = f"/o/acme/roles/{reader.pk}/change/"
        wanted = {"name": "Log reader", "permissions": ["catalog:view", "sso:view"], "version": 1}

        preview = client.post(address, wanted)
        assert preview.status_code == 200
        assert b"Mia Castellan" in preview.content
        assert b"See single sign-on" in preview.content
        reader.refresh_from_db()
        assert reader.version == 1

        effect = digest_in(preview)
        overtaken = client.post(address, {**wanted, "effect": "0" * 32})
        assert b"Something changed since you looked" in overtaken.content
        assert client.post(address, {**wanted, "effect": effect}).status_code == 302
        reader.refresh_from_db()
        assert sorted(reader.permissions) == ["catalog:view", "sso:view"]

    def test_a_members_role_changes_in_two_steps(
        self, reader: Role, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        address = f"/o/acme/members/{mia.pk}/role/"
        wanted = {"role": f"custom:{reader.pk}", "version": mia.version}
        preview = client.post(address, wanted)
        assert b"Read the audit log" in preview.content
        mia.refresh_from_db()
        assert mia.custom_role is None
        client.post(address, {**wanted, "effect": digest_in(preview)})
        mia.refresh_from_db()
        assert mia.custom_role == reader

    def test_making_copying_and_deleting(
        self, reader: Role, ada: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        copied = client.get(f"/o/acme/roles/new/?copy={reader.pk}")
        assert copied.context["form"].initial["permissions"] == reader.permissions
        made = client.post("/o/acme/roles/new/", {"name": "Second", "permissions": READS})
        assert made.status_code == 302
        refused = client.post("/o/acme/roles/new/", {"name": "Second", "permissions": READS})
        assert refused.status_code == 422
        assert client.get(f"/o/acme/roles/{reader.pk}/").status_code == 200
        assert client.post(f"/o/acme/roles/{reader.pk}/delete/").status_code == 302
        assert [role.name for role in Role.objects.all()] == ["Second"]

    def test_who_only_looks_changes_nothing(
        self, reader: Role, ada: Membership, aud: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(aud)
        assert client.get(f"/o/acme/roles/{reader.pk}/").status_code == 200
        assert client.get(f"/o/acme/roles/{reader.pk}/change/").status_code == 403
        assert client.post(f"/o/acme/roles/{reader.pk}/delete/").status_code == 403


class TestTheApi:
    def call(self, client: Client, text: str, method: str, path: str, **more: Any) -> Any:
        head = {"Authorization": f"Bearer {text}", **more.pop("headers", {})}
        return getattr(client, method)(
            f"/api/v1/{path}", content_type="application/json", headers=head, **more
        )

    def test_a_role_is_made_changed_given_and_deleted(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime, client: Client,
        client_of: ClientOf,
    ) -> None:  # fmt: skip
        client_of(ada)
        scopes = ["role:manage", "role:view", "member:manage", "member:view", "catalog:view"]
        _token, text = issue_token(
            actor=actor_of(ada), at=at, name="t", scopes=scopes, lasts=timedelta(days=1)
        )
        made = self.call(
            client, text, "post", "custom-roles",
            data={"name": "Looker", "permissions": ["catalog:view"]},
        )  # fmt: skip
        assert made.status_code == 201, made.content
        key = made.json()["id"]
        beyond = self.call(
            client, text, "post", "custom-roles",
            data={"name": "More", "permissions": ["audit:view"]},
        )  # fmt: skip
        assert beyond.status_code == 403
        given = self.call(
            client, text, "post", f"members/{mia.pk}/role",
            data={"role": f"custom:{key}"}, headers={"If-Match": f'"{mia.version}"'},
        )  # fmt: skip
        assert given.status_code in {200, 403}, given.content
        stale = self.call(
            client, text, "patch", f"custom-roles/{key}",
            data={"name": "Watcher"}, headers={"If-Match": '"9"'},
        )  # fmt: skip
        assert stale.status_code == 412
        unknown = self.call(client, text, "get", f"custom-roles/{mia.pk}")
        assert unknown.status_code == 404
