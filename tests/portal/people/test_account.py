"""One's own account: profile and devices, across workspaces; tokens; policies."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from tenants.models import ApiToken, Entry, Membership, Policy
from tenants.scoping import organization_scope

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]


class TestProfile:
    def test_a_new_name_reaches_the_workspace_and_its_log(
        self, ada: Membership, client_of: ClientOf
    ) -> None:
        data = {"name": "Ada King", "timezone": "Europe/Oslo", "theme": "dark"}

        client_of(ada).post("/account/", data)

        ada.refresh_from_db()
        assert ada.name == "Ada King"
        assert ada.user.timezone == "Europe/Oslo"
        assert Event.objects.filter(name=EventName.PROFILE_CHANGED, target_id=ada.pk).exists()

    def test_an_unknown_zone_changes_nothing(self, ada: Membership, client_of: ClientOf) -> None:
        data = {"name": "X", "timezone": "Mars/Olympus", "theme": "dark"}

        assert client_of(ada).post("/account/", data).status_code == 422


class TestDevices:
    def test_one_ends_and_the_present_one_stays(self, ada: Membership, client_of: ClientOf) -> None:
        here, there = client_of(ada), client_of(ada)
        entry = Entry.objects.open().get(session_key=there.session.session_key)

        here.post(f"/account/devices/{entry.pk}/end/")

        assert here.get("/o/acme/").status_code == 200
        assert there.get("/o/acme/").status_code == 302
        assert there.get("/account/").status_code == 302

    def test_all_others_end_in_every_workspace(self, ada: Membership, client_of: ClientOf) -> None:
        here, *others = (client_of(ada) for _ in range(3))

        here.post("/account/devices/end-others/")

        assert here.get("/o/acme/").status_code == 200
        assert [other.get("/account/").status_code for other in others] == [302, 302]

    def test_somebody_elses_is_unknown(
        self, ada: Membership, ned: Membership, client_of: ClientOf
    ) -> None:
        theirs = client_of(ned)
        with organization_scope(ned.organization_id):
            entry = Entry.objects.open().get(membership=ned)

        assert client_of(ada).post(f"/account/devices/{entry.pk}/end/").status_code == 404
        assert theirs.get("/o/globex/").status_code == 200


class TestTokens:
    DATA = {"name": "CI", "kind": "personal", "days": "30", "scopes": ["team:view"]}

    def test_is_shown_once(self, mia: Membership, ada: Membership, client_of: ClientOf) -> None:
        client = client_of(mia)

        made = client.post("/o/acme/tokens/new/", self.DATA)
        text = made.context["text"]

        assert text.encode() in made.content
        assert text.encode() not in client.get("/o/acme/tokens/").content
        assert made["Cache-Control"] == "no-store"

    def test_offers_no_scope_that_one_lacks(
        self, mia: Membership, ada: Membership, client_of: ClientOf
    ) -> None:
        data = {**self.DATA, "scopes": ["member:manage"]}

        assert client_of(mia).post("/o/acme/tokens/new/", data).status_code == 422
        assert not ApiToken.objects.exists()

    def test_needs_a_step_up(self, ada: Membership, client_of: ClientOf) -> None:
        answer = client_of(ada, stepped_up=False).get("/o/acme/tokens/new/")

        assert answer.status_code == 302
        assert "/step-up/" in answer["Location"]

    def test_ends_by_its_holder_or_by_those_who_manage_tokens(
        self, mia: Membership, ada: Membership, max_: Membership, client_of: ClientOf
    ) -> None:
        client_of(mia).post("/o/acme/tokens/new/", self.DATA)
        token = ApiToken.objects.get()

        client_of(max_).post(f"/o/acme/tokens/{token.pk}/revoke/")

        token.refresh_from_db()
        assert token.revoked_at

    def test_of_others_is_unknown_to_a_viewer(
        self, mia: Membership, ada: Membership, client_of: ClientOf
    ) -> None:
        client_of(ada).post("/o/acme/tokens/new/", self.DATA)
        token = ApiToken.objects.get()

        answer = client_of(mia).post(f"/o/acme/tokens/{token.pk}/revoke/")

        assert answer.status_code == 404
        # Not by its name: two letters stand in a form's random token sooner or later.
        assert token.prefix.encode() not in client_of(mia).get("/o/acme/tokens/?all=1").content


class TestPolicies:
    def form(self, client: Client, **changes: object) -> dict[str, object]:
        shown = client.get("/o/acme/settings/change/").context["form"].initial
        return {k: v for k, v in {**shown, **changes}.items() if v is not False}

    def test_a_change_counts_and_names_only_what_changed(
        self, ada: Membership, client_of: ClientOf
    ) -> None:
        Policy.objects.update(cooling_off=timedelta(seconds=20))
        client = client_of(ada)

        given = self.form(client, session_idle=5)
        shown = client.post("/o/acme/settings/change/", given)
        given["effect"] = shown.context["foreseen"].digest
        client.post("/o/acme/settings/change/", given)

        policy = Policy.objects.get()
        assert policy.session_idle == timedelta(minutes=5)
        assert policy.cooling_off == timedelta(seconds=20)
        event = Event.objects.get(name=EventName.POLICY_CHANGED)
        assert set(event.facts["after"]) == {"session_idle"}

    def test_values_beyond_the_limits_are_told(self, ada: Membership, client_of: ClientOf) -> None:
        client = client_of(ada)

        answer = client.post(
            "/o/acme/settings/change/", self.form(client, session_idle=31, approval_quorum=0)
        )

        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"session_idle", "approval_quorum"}

    def test_an_auditor_reads_and_changes_nothing(
        self, aud: Membership, ada: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(aud)

        assert client.get("/o/acme/settings/").status_code == 200
        assert client.get("/o/acme/settings/change/").status_code == 403
        assert client.post("/o/acme/members/").status_code == 405
