"""Roles made here, on screen and over the API: a change shows its effect before it is made."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from portal.people.areas import AREAS
from tenants.access import Actor
from tenants.actions.roles import change_role, create_role
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Role
from tenants.permissions import Permission
from tenants.scoping import organization_scope

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
        assert overtaken.status_code == 409
        assert b"Something changed since you looked" in overtaken.content
        assert client.post(address, {**wanted, "effect": effect}).status_code == 302
        reader.refresh_from_db()
        assert sorted(reader.permissions) == ["catalog:view", "sso:view"]

    def test_whoever_was_overtaken_is_led_back_to_the_role(
        self, reader: Role, ada: Membership, client_of: ClientOf
    ) -> None:
        stale = {"name": "Log reader", "permissions": ["catalog:view"], "version": 7}
        client = client_of(ada)

        answer = client.post(f"/o/acme/roles/{reader.pk}/change/", stale)

        assert answer.headers["Location"] == f"/o/acme/roles/{reader.pk}/"
        assert b"changed meanwhile" in client.get(answer.headers["Location"]).content
        reader.refresh_from_db()
        assert reader.permissions == READS

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

    @pytest.fixture
    def text(self, ada: Membership, actor_of: ActorOf, at: datetime, client_of: ClientOf) -> str:
        """A token of somebody who has just proven themselves in the browser."""
        client_of(ada)
        scopes = [
            "catalog:view", "member:manage", "member:view", "role:manage", "role:view",
            "team:view", "token:issue",
        ]  # fmt: skip
        return issue_token(
            actor=actor_of(ada), at=at, name="t", scopes=scopes, lasts=timedelta(days=1)
        )[1]

    def test_a_role_is_made_given_changed_and_deleted(
        self, text: str, mia: Membership, client: Client
    ) -> None:
        wish = {"name": "Looker", "permissions": ["catalog:view"]}
        made = self.call(client, text, "post", "custom-roles", data=wish)
        assert made.status_code == 201, made.content
        path, role = f"custom-roles/{made.json()['id']}", f"custom:{made.json()['id']}"

        given = self.call(
            client, text, "post", f"members/{mia.pk}/role",
            data={"role": role}, headers={"If-Match": f'"{mia.version}"'},
        )  # fmt: skip
        assert given.status_code == 200, given.content
        assert (given.json()["role"], given.json()["role_label"]) == (role, "Looker")
        changed = self.call(
            client, text, "patch", path,
            data={"permissions": ["catalog:view", "team:view"]}, headers={"If-Match": '"1"'},
        )  # fmt: skip
        assert changed.status_code == 200, changed.content
        mia.refresh_from_db()
        assert mia.role_permissions() == {"catalog:view", "team:view"}

        assert self.call(client, text, "delete", path).status_code == 409
        Membership.objects.filter(pk=mia.pk).update(custom_role=None)
        assert self.call(client, text, "delete", path).status_code == 204
        assert not Role.objects.exists()

    def test_what_one_lacks_what_is_stale_and_what_is_not_there(
        self, text: str, reader: Role, ned: Membership, client: Client
    ) -> None:
        wish = {"name": "More", "permissions": ["audit:view"]}
        assert self.call(client, text, "post", "custom-roles", data=wish).status_code == 403
        path = f"custom-roles/{reader.pk}"
        bare = self.call(client, text, "patch", path, data={"name": "Watcher"})
        assert bare.status_code == 428
        old = {"If-Match": '"9"'}
        stale = self.call(client, text, "patch", path, data={"name": "Watcher"}, headers=old)
        assert stale.status_code == 412
        with organization_scope(ned.organization_id):
            foreign = Role.objects.create(name="Theirs", permissions=READS)
        for unknown in (foreign.pk, ned.pk):
            answer = self.call(client, text, "get", f"custom-roles/{unknown}")
            assert answer.status_code == 404


def test_every_permission_stands_in_one_area_of_the_editor() -> None:
    listed = [permission for area in AREAS for permission in area.permissions]
    assert sorted(listed) == sorted(Permission)


def test_the_editor_offers_by_area_what_one_holds(
    ada: Membership, max_: Membership, client_of: ClientOf
) -> None:
    closes = 'value="organization:manage"'
    for person, sees in ((ada, True), (max_, False)):
        text = client_of(person).get("/o/acme/roles/new/").content.decode()
        assert (closes in text) is sees
        assert ("Only an owner puts this into a role" in text) is sees
        assert "Everything that was done here, by whom and when." in text
        assert "Vendor console" not in text
    refused = client_of(max_).post(
        "/o/acme/roles/new/", {"name": "Closer", "permissions": ["organization:manage"]}
    )
    assert refused.status_code == 422
    assert not Role.objects.exists()
    nothing = client_of(max_).post("/o/acme/roles/new/", {"name": "Nothing"})
    assert "Choose at least one." in nothing.content.decode()
