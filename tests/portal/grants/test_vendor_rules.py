"""The vendor's own rules: who may ask, from where, and who checks, before any customer is asked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.refusals import Invalid, NotFound, NotPermitted, StaleVersion, StepUpNeeded
from portal.grants.actions.requests import endorse_grant, reject_grant, request_grant
from portal.grants.actions.vendor import attest_policy, change_support_rules
from portal.grants.models import Case, Grant, SupportRules
from portal.grants.refusals import NotInPool, StaffNotReady
from portal.grants.vendor import standing_of
from tenants.access import Actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.cast import make_machine, make_member, make_token_text
from tests.portal.grants.conftest import WHY, wish

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]
ClientOf = Callable[..., Client]
HERE = "/console/rules/"


def kept(vendor: Organization) -> SupportRules:
    with organization_scope(vendor.pk):
        rules: SupportRules = SupportRules.objects.get()
    return rules


def change(vendor: Organization, actor: Actor, **changes: Any) -> SupportRules:
    with organization_scope(vendor.pk):
        first = SupportRules.objects.first()
        version = changes.pop("version", first.version if first else 0)
        return change_support_rules(actor=actor, version=version, **changes)


class TestAsking:
    """`ask` files the request of the fixture `requested`, anew."""

    @pytest.fixture
    def ask(
        self, case: Case, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> Callable[..., Grant]:
        scope = tuple(row.as_scope() for row in case.integrations.all())
        return lambda at=at: request_grant(case, actor=staff_of(sam), at=at, wish=wish(scope=scope))

    def test_takes_the_country_from_the_profile(self, ask: Callable[..., Grant]) -> None:
        assert ask().country == "DE"

    def test_is_refused_before_any_rules(
        self, ask: Callable[..., Grant], vendor: Organization
    ) -> None:
        with organization_scope(vendor.pk):
            SupportRules.objects.all().delete()

        with pytest.raises(StaffNotReady, match="not written yet"):
            ask()
        assert not Grant.objects.exists()

    def test_is_refused_once_the_confirmation_is_over(
        self, ask: Callable[..., Grant], sam: Membership, vendor: Organization
    ) -> None:
        end = sam.joined_at + kept(vendor).attestation_lasts

        with pytest.raises(StaffNotReady, match="Read the policy"):
            ask(at=end)
        assert ask(at=end - timedelta(microseconds=1))

    def test_is_refused_after_new_words_until_they_are_confirmed(
        self,
        ask: Callable[..., Grant],
        vendor: Organization,
        opal: Membership,
        sam: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        change(vendor, actor_of(opal), text="Something else that is promised.")
        with pytest.raises(StaffNotReady):
            ask()

        with organization_scope(vendor.pk):
            attest_policy(actor=actor_of(sam), at=at, text_version=2, country="de")

        assert ask()

    def test_is_refused_outside_the_countries(
        self, ask: Callable[..., Grant], vendor: Organization, opal: Membership, actor_of: ActorOf
    ) -> None:
        change(vendor, actor_of(opal), countries=["FR", "at"])

        with pytest.raises(StaffNotReady, match="from Germany"):
            ask()

    def test_is_refused_without_a_country(self, ask: Callable[..., Grant], sam: Membership) -> None:
        with organization_scope(sam.organization_id):
            Membership.objects.filter(pk=sam.pk).update(country="")

        with pytest.raises(StaffNotReady, match="in which country"):
            ask()


class TestPool:
    def test_alone_passes_on_and_stops(
        self, requested: Grant, vendor: Organization, staff_of: StaffOf, at: datetime
    ) -> None:
        other = staff_of(make_member(vendor, "Lou Other", "support_lead"))

        for verb in (endorse_grant, reject_grant):
            with pytest.raises(NotInPool):
                verb(requested, actor=other, at=at)

        requested.refresh_from_db()
        assert (requested.status, requested.version) == ("vendor_review", 1)

    def test_has_a_size_and_only_leads(
        self, vendor: Organization, sam: Membership, lea: Membership, opal: Membership,
        actor_of: ActorOf,
    ) -> None:  # fmt: skip
        second = make_member(vendor, "Lou Other", "support_lead")
        for pool in ([lea.pk, second.pk], [sam.pk]):
            with pytest.raises(Invalid) as refused:
                change(vendor, actor_of(opal), pool=pool, pool_most=1)
            assert list(refused.value.errors) == ["pool"]

        assert change(vendor, actor_of(opal), pool=[lea.pk], pool_most=1).pool == [str(lea.pk)]


class TestChanging:
    def test_is_recorded_with_before_and_after(
        self, vendor: Organization, sam: Membership, opal: Membership, actor_of: ActorOf
    ) -> None:
        change(vendor, actor_of(opal), countries=["FR"], pool=[])

        with organization_scope(vendor.pk):
            event = Event.objects.get(name="policy.support_changed")
        assert event.facts["before"]["countries"] == "DE"
        assert event.facts["after"]["countries"] == "FR"
        assert kept(vendor).text_version == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"text": "short"},
            {"attestation_lasts": timedelta(hours=1)},
            {"attestation_lasts": timedelta(days=367)},
            {"pool_most": 0},
            {"pool_most": 51},
            {"countries": ["DE", "QQ"]},
            {"countries": ["Germany"]},
        ],
    )
    def test_is_refused_beside_the_field(
        self, vendor: Organization, opal: Membership, actor_of: ActorOf, wrong: dict[str, Any]
    ) -> None:
        given = {"text": "What all of us promise to each other.", **wrong}
        with pytest.raises(Invalid) as refused:
            change(vendor, actor_of(opal), **given)

        assert list(refused.value.errors) == list(wrong)

    def test_is_refused_to_others_to_the_hasty_and_on_a_stale_version(
        self, vendor: Organization, sam: Membership, opal: Membership, lea: Membership,
        actor_of: ActorOf,
    ) -> None:  # fmt: skip
        with pytest.raises(NotPermitted):
            change(vendor, actor_of(lea), countries=["FR"])
        with pytest.raises(StepUpNeeded):
            change(vendor, actor_of(opal, stepped_up=False), countries=["FR"])
        with pytest.raises(StaleVersion):
            change(vendor, actor_of(opal), countries=["FR"], version=9)

    def test_is_not_there_for_customers(
        self, organization: Organization, ada: Membership, actor_of: ActorOf
    ) -> None:
        with pytest.raises(NotFound):
            change(organization, actor_of(ada), text="We write the rules ourselves.")

    def test_confirming_old_words_is_refused(
        self, vendor: Organization, sam: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with organization_scope(vendor.pk):
            with pytest.raises(StaleVersion):
                attest_policy(actor=actor_of(sam), at=at, text_version=2, country="DE")
            with pytest.raises(Invalid):
                attest_policy(actor=actor_of(sam), at=at, text_version=1, country="QQ")


class TestFront:
    def test_from_the_first_rules_to_a_confirmation_in_browsers(
        self, vendor: Organization, opal: Membership, client_of: ClientOf, at: datetime
    ) -> None:
        engineer = make_member(vendor, "Ina Fresh", "support_engineer")
        lead = make_member(vendor, "Lou Other", "support_lead")
        operator, fresh = client_of(opal), client_of(engineer)
        assert "not written yet" in fresh.get("/console/policy/").content.decode()
        assert operator.get(HERE).status_code == 200

        form = {
            "version": "0",
            "text": "I look at nothing that the case does not need.",
            "attestation_lasts": "90",
            "pool": [str(lead.pk)],
            "pool_most": "2",
            "countries": "de, fr",
        }
        assert operator.post(HERE, {**form, "countries": "QQ"}).status_code == 422
        assert operator.post(HERE, form).status_code == 302
        assert operator.post(HERE, form).status_code == 302  # the version is stale
        assert kept(vendor).countries == ["DE", "FR"]
        said = {"text_version": "1", "country": "FR", "confirmed": "on"}
        assert fresh.post("/console/policy/", {**said, "confirmed": ""}).status_code == 422
        assert fresh.post("/console/policy/", said).status_code == 302

        assert "from France" in fresh.get("/console/policy/").content.decode()
        with organization_scope(vendor.pk):
            again = Membership.objects.get(pk=engineer.pk)
        assert standing_of(again, at).is_ready

    def test_is_refused_to_support(
        self, vendor: Organization, lea: Membership, client_of: ClientOf
    ) -> None:
        assert client_of(lea).get(HERE).status_code == 403

    def test_is_the_same_by_api(
        self, vendor: Organization, sam: Membership, opal: Membership, client_of: ClientOf,
        client: Client,
    ) -> None:  # fmt: skip
        client_of(opal)  # the step-up stands on an entry

        def call(method: str, name: str, who: Membership, body: Any = None) -> Any:
            head = {"authorization": f"Bearer {make_token_text(who)}"}
            kind = {"content_type": "application/json"}
            verb = getattr(client, method)
            given = (body,) if body is not None else ()
            return verb(f"/api/v1/support/{name}", *given, **kind, headers=head)

        assert call("get", "rules", opal).json()["countries"] == ["DE"]
        new = {"version": kept(vendor).version, "text": "Quite another promise, all the same."}
        assert call("patch", "rules", opal, new).json()["text_version"] == 2
        assert call("patch", "rules", opal, new).status_code == 412
        assert call("patch", "rules", sam, new).status_code == 403
        assert call("get", "attestation", sam).json()["is_ready"] is False
        said = {"text_version": 2, "country": "DE"}
        assert call("post", "attestation", sam, said).json()["is_ready"] is True


class TestServiceAccount:
    @pytest.fixture
    def machine(self, sam: Membership) -> str:
        """The header of the help desk's own token."""
        return f"Bearer {make_token_text(sam, machine=make_machine(sam, role='support_engineer'))}"

    def test_opens_cases_and_asks_for_a_named_person(
        self, machine: str, case: Case, vendor: Organization, sam: Membership, client: Client
    ) -> None:
        def post(name: str, body: Any) -> Any:
            return client.post(
                f"/api/v1/support/{name}",
                body,
                "application/json",
                headers={"authorization": machine},
            )

        opened = post("cases", {"organization": "acme", "title": "Imports fail"})
        assert opened.status_code == 201, opened.content
        body = {
            "organization": "acme",
            "case": "CASE-101",
            "reason_code": "customer_support",
            "justification": WHY,
            "capabilities": ["status"],
            "integrations": [str(case.integrations.get().integration_id)],
            "duration_seconds": 86400,
        }
        assert post("grants", body).status_code == 422
        assert post("grants", {**body, "staff": str(vendor.pk)}).status_code == 422
        operator = make_member(vendor, "Opal Nakamura", "operator")
        assert post("grants", {**body, "staff": str(operator.pk)}).status_code == 422
        assert post("grants", {**body, "country": "FR"}).status_code == 422
        made = post("grants", {**body, "staff": str(sam.pk)})
        assert made.status_code == 201, made.content
        assert made.json()["staff"]["country"] == "DE"
        event = Event.objects.get(name="grant.requested")
        assert event.actor_id != sam.pk

        here = f"/api/v1/support/grants/{made.json()['id']}"
        head = {"authorization": machine}
        assert client.get(here, headers=head).json()["status"] == "vendor_review"
        assert client.get("/api/v1/support/grants", headers=head).json()["results"]
        for name in ("integrations", "resources"):
            assert client.get(f"{here}/{name}", headers=head).status_code == 403

    def test_a_person_asks_for_nobody_else(
        self, case: Case, sam: Membership, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        scope = tuple(row.as_scope() for row in case.integrations.all())
        with pytest.raises(NotPermitted):
            request_grant(case, actor=staff_of(lea), at=at, wish=wish(scope=scope), staff_id=sam.pk)
