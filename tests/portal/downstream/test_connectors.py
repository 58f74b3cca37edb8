"""Downstream systems: added, changed, rotated, switched, removed; on screen and over the API."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from audit.models import DataKey, Event
from audit.refusals import Invalid, NotPermitted, StaleVersion, StepUpNeeded
from portal.downstream import sending
from portal.downstream.actions import (
    ConnectorFacts,
    add_connector,
    change_connector,
    remove_connector,
    rotate_connector,
)
from portal.downstream.models import Connector
from portal.downstream.rules import Kind
from portal.outbound.client import Client as OutboundClient
from portal.tickets.actions import file_revocation
from portal.tickets.models import Step
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership, Organization
from tests.portal.downstream.conftest import Receiver, Told
from tests.portal.rest.conftest import Caller, caller_of, problem  # noqa: F401
from tests.racing import race

pytestmark = pytest.mark.django_db

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture
def facts(sia: Membership, receiver: Receiver) -> ConnectorFacts:
    return ConnectorFacts(name="CRM", url=receiver.url, responsible=sia)


class TestAdding:
    def test_the_secret_is_sealed_and_known_once(
        self, facts: ConnectorFacts, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        made, secret = add_connector(Kind.CALLBACK, facts, actor=actor_of(ada), at=at)
        assert secret.startswith("whsec_")
        assert secret not in made.secret
        assert Event.objects.filter(name="downstream_system.added").count() == 1

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": " "}, "name"),
            ({"url": ""}, "url"),
            ({"url": "http://crm.example.com/"}, "url"),
            ({"url": "https://crm.example.com:22/"}, "url"),
            ({"url": "file:///etc/passwd"}, "url"),
            ({"responsible": None}, "responsible"),
            ({"on_revocation": False}, "on_revocation"),
        ],
    )
    def test_what_does_not_hold_is_named(
        self,
        change: dict[str, Any],
        field: str,
        facts: ConnectorFacts,
        ada: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        with pytest.raises(Invalid) as refused:
            add_connector(Kind.CALLBACK, replace(facts, **change), actor=actor_of(ada), at=at)
        assert set(refused.value.errors) == {field}
        assert not Connector.objects.exists()

    @pytest.mark.parametrize(
        "url",
        [
            "https://127.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.5/",
            "https://[::1]/",
            "https://localhost/",
            "https://2130706433/",
        ],
    )
    def test_inner_addresses_are_refused(
        self, url: str, facts: ConnectorFacts, ada: Membership, actor_of: ActorOf, at: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(sending, "client", OutboundClient())
        with pytest.raises(Invalid) as refused:
            add_connector(Kind.CALLBACK, replace(facts, url=url), actor=actor_of(ada), at=at)
        assert set(refused.value.errors) == {"url"}

    def test_somebody_without_the_right_to_answer_is_not_responsible(
        self,
        facts: ConnectorFacts,
        ada: Membership,
        mia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        with pytest.raises(Invalid, match="does not hold"):
            add_connector(
                Kind.CALLBACK, replace(facts, responsible=mia), actor=actor_of(ada), at=at
            )

    def test_needs_the_right_and_a_step_up(
        self,
        facts: ConnectorFacts,
        ada: Membership,
        sia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        with pytest.raises(NotPermitted):
            add_connector(Kind.CALLBACK, facts, actor=actor_of(sia), at=at)
        with pytest.raises(StepUpNeeded):
            add_connector(Kind.CALLBACK, facts, actor=actor_of(ada, stepped_up=False), at=at)


def test_a_change_on_an_older_state_is_refused(
    crm: Told, facts: ConnectorFacts, ada: Membership, actor_of: ActorOf, at: datetime
) -> None:
    changed = replace(facts, name="Sales")
    change_connector(crm.connector, changed, actor=actor_of(ada), at=at, version=1)
    with pytest.raises(StaleVersion):
        change_connector(crm.connector, facts, actor=actor_of(ada), at=at, version=1)
    assert Connector.objects.get().name == "Sales"


def test_removing_destroys_the_secrets_and_frees_the_name(
    crm: Told,
    facts: ConnectorFacts,
    ada: Membership,
    mia: Membership,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    rotate_connector(crm.connector, actor=actor_of(ada), at=at)
    remove_connector(crm.connector, actor=actor_of(ada), at=at)
    keys = DataKey.objects.filter(purpose="downstream", subject=str(crm.connector.pk))
    assert not keys.filter(destroyed_at__isnull=True).exists()
    with pytest.raises(Invalid, match="removed"):
        rotate_connector(crm.connector, actor=actor_of(ada), at=at)
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)
    assert not Step.objects.filter(ticket=ticket, name__startswith="downstream:").exists()
    add_connector(Kind.CALLBACK, facts, actor=actor_of(ada), at=at)


@pytest.mark.django_db(transaction=True)
def test_eight_of_one_name_at_once_make_one(
    facts: ConnectorFacts, ada: Membership, actor_of: ActorOf, organization: Organization
) -> None:
    actor = actor_of(ada)

    def add() -> object:
        return add_connector(Kind.CALLBACK, facts, actor=actor, at=now())

    results = race([add] * 8, organization_id=organization.pk)
    assert sum(isinstance(result, tuple) for result in results) == 1
    assert sum(isinstance(result, Invalid) for result in results) == 7


class TestPages:
    def test_from_the_first_page_to_the_removal(
        self, receiver: Receiver, ada: Membership, sia: Membership, mia: Membership,
        actor_of: ActorOf, client_of: ClientOf, at: datetime,
    ) -> None:  # fmt: skip
        client, root = client_of(ada), "/o/acme/downstream-systems/"
        assert "No downstream systems" in client.get(root).content.decode()
        said = {"name": "CRM", "url": receiver.url, "responsible": sia.pk, "on_revocation": "on"}
        refused = client.post(f"{root}new/?kind=callback", {**said, "url": "https://x.y:22/"})
        assert refused.status_code == 422
        made = client.post(f"{root}new/?kind=callback", said).content.decode()
        assert "whsec_" in made
        crm = Connector.objects.get()
        assert "whsec_" not in client.get(f"{root}{crm.pk}/").content.decode()
        ticket = file_revocation(mia, actor=actor_of(ada), at=at)
        shown = client.get(f"/o/acme/requests/{ticket.number}/").content.decode()
        assert "Downstream: CRM" in shown
        assert ticket.number in client.get(f"{root}{crm.pk}/remove/").content.decode()
        client.post(f"{root}{crm.pk}/change/", {**said, "name": "Sales", "version": 1})
        assert "whsec_" in client.post(f"{root}{crm.pk}/secret/").content.decode()
        client.post(f"{root}{crm.pk}/switch/", {})
        crm.refresh_from_db()
        assert (crm.name, crm.is_in_use) == ("Sales", False)
        assert client.post(f"{root}{crm.pk}/remove/").status_code == 302
        assert client.get(f"{root}{crm.pk}/").status_code == 404

    def test_a_system_by_hand_has_no_address(
        self, ada: Membership, sia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        said = {"name": "Doors", "instruction": "", "responsible": sia.pk, "on_revocation": "on"}
        url = "/o/acme/downstream-systems/new/?kind=manual"
        assert client.post(url, said).status_code == 422
        assert client.post(url, {**said, "instruction": "Door list."}).status_code == 302
        assert client.get("/o/acme/downstream-systems/new/?kind=pigeon").status_code == 200

    def test_others_see_none(
        self, crm: Told, aud: Membership, mia: Membership, ned: Membership, client_of: ClientOf
    ) -> None:
        url = f"/o/acme/downstream-systems/{crm.connector.pk}/"
        assert client_of(aud).get(url).status_code == 200
        assert client_of(aud).post(f"{url}remove/").status_code == 403
        assert client_of(mia).get(url).status_code == 403
        assert client_of(ned).get(url).status_code == 404


class TestApi:
    def test_from_the_first_call_to_the_removal(
        self, receiver: Receiver, ada: Membership, sia: Membership, client_of: ClientOf,
        caller_of: Callable[..., Caller],  # noqa: F811
    ) -> None:  # fmt: skip
        client_of(ada)  # a session that has just stepped up
        call = caller_of(ada, "policy:manage", "policy:view", "member:view")
        said = {
            "kind": "callback",
            "name": "CRM",
            "url": receiver.url,
            "responsible": str(sia.pk),
        }
        made: Any = call.post("downstream-systems", said)
        assert made.status_code == 201, made.content
        assert made.json()["secret"].startswith("whsec_")
        path = f"downstream-systems/{made.json()['id']}"
        assert "secret" not in call.get(path).json()  # type: ignore[attr-defined]
        problem(call.patch(path, {"name": "Sales"}), 428)
        assert call.patch(path, {"name": "Sales"}, If_Match='"1"').status_code == 200
        rotated: Any = call.post(f"{path}/rotate")
        assert rotated.json()["secret"] != made.json()["secret"]
        switched: Any = call.post(f"{path}/switch", {"on": False})
        assert switched.json()["is_in_use"] is False
        assert call.delete(path).status_code == 204
        problem(call.get(path), 404)

    def test_what_does_not_hold_is_422(
        self, receiver: Receiver, ada: Membership, sia: Membership, ned: Membership,
        client_of: ClientOf, caller_of: Callable[..., Caller],  # noqa: F811
    ) -> None:  # fmt: skip
        client_of(ada)
        call = caller_of(ada, "policy:manage", "policy:view", "member:view")
        said = {"kind": "callback", "name": "CRM", "url": "https://10.0.0.1:443/"}
        problem(call.post("downstream-systems", {**said, "responsible": str(sia.pk)}), 422)
        problem(call.post("downstream-systems", {**said, "responsible": str(ned.pk)}), 422)
        problem(call.post("downstream-systems", {**said, "kind": "pigeon"}), 422)
        assert not Connector.objects.exists()
