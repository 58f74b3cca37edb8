"""Acting under a grant: only where it was ticked, through the door, with before and after."""

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.refusals import Invalid, Refusal
from portal.catalog.models import ImportRun, Integration, Resource
from portal.catalog.schedules import Every, Schedule
from portal.grants import rules
from portal.grants.acting import Place, change_settings, read_settings, start_sync, try_source
from portal.grants.actions.decisions import approve_grant, narrow_grant, revoke_grant
from portal.grants.actions.requests import endorse_grant, request_grant
from portal.grants.actions.sessions import open_support_session
from portal.grants.choosing import as_scope, narrowed_scope
from portal.grants.models import AccessRecord, Case, Grant
from portal.grants.refusals import NameRefused, NoAccess, NotApproved, SessionNeeded
from portal.grants.rules import Act
from portal.grants.terms import Consent
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tests.portal.grants.conftest import make_integration, wish

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]
ALL = ("status", "metadata", "run", "settings")
NIGHTLY = Schedule(Every.DAILY, time(3, 0), 0)
CONSOLE = "/console/grants/acme/DIA-51/"


@pytest.fixture
def integration(integration: Integration, settings: Any, tmp_path: Path) -> Integration:
    """Shop, which is read from a file."""
    settings.CONNECTOR_SQLITE_DIR = tmp_path
    folder = tmp_path / "acme"
    folder.mkdir()
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("create table orders (id integer)")
    database.close()
    integration.kind, integration.connection = "sqlite", {"file": "shop.db"}
    integration.save()
    return integration


@pytest.fixture
def asked(case: Case, sam: Membership, lea: Membership, staff_of: StaffOf, at: datetime) -> Grant:
    scope = tuple(row.as_scope() for row in case.integrations.all())
    grant = request_grant(
        case, actor=staff_of(sam), at=at, wish=wish(scope=scope, capabilities=ALL)
    )
    return endorse_grant(grant, actor=staff_of(lea), at=at)


@pytest.fixture
def place(
    asked: Grant,
    integration: Integration,
    sam: Membership,
    sia: Membership,
    actor_of: ActorOf,
    staff_of: StaffOf,
    at: datetime,
) -> Place:
    """Sam with an open session, in front of Shop; the customer ticked everything."""
    approve_grant(asked, actor=actor_of(sia), at=at, consent=Consent(capabilities=ALL))
    open_support_session(asked, actor=staff_of(sam), at=at)
    return Place(asked.pk, integration.pk, staff_of(sam), "test")


def acts() -> list[str]:
    return list(AccessRecord.objects.order_by("id").values_list("act", flat=True))


class TestTicks:
    def test_are_off_for_who_approves_without_naming_them(
        self, asked: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        grant = approve_grant(asked, actor=actor_of(sia), at=at, consent=Consent())

        assert grant.capabilities == ["metadata", "status"]

    def test_are_off_in_the_form(
        self, asked: Grant, sia: Membership, client_of: Callable[..., Client]
    ) -> None:
        page = client_of(sia).get("/o/acme/access/DIA-51/").content.decode()

        boxes = {
            value: "checked" in part.split(">")[0]
            for value in ALL
            for part in [page.split(f'name="capabilities" value="{value}"')[1]]
        }
        assert boxes == {"status": True, "metadata": True, "run": False, "settings": False}

    @pytest.mark.parametrize("alone", ["run", "settings", "samples"])
    def test_need_what_they_are_of_no_use_without(
        self, case: Case, sam: Membership, staff_of: StaffOf, at: datetime, alone: str
    ) -> None:
        scope = tuple(row.as_scope() for row in case.integrations.all())
        with pytest.raises(Invalid) as refused:
            request_grant(
                case, actor=staff_of(sam), at=at, wish=wish(scope=scope, capabilities=(alone,))
            )
        assert "capabilities" in refused.value.errors

    def test_to_run_something_is_not_asked_for_single_tables(
        self, case: Case, integration: Integration, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        scope = (as_scope(Resource.objects.filter(integration=integration)[0]),)
        with pytest.raises(Invalid) as refused:
            request_grant(
                case, actor=staff_of(sam), at=at, wish=wish(scope=scope, capabilities=ALL)
            )
        assert "capabilities" in refused.value.errors


class TestSync:
    def test_runs_the_catalogues_own_code_in_the_readers_name(
        self, place: Place, at: datetime
    ) -> None:
        start_sync(place, at=at)

        assert ImportRun.objects.get().trigger == "manual"
        assert acts() == [Act.RAN]
        said = Event.objects.filter(grant_id=place.grant_id).values_list("name", flat=True)
        assert {"import.started", "object.synced"} <= set(said)

    def test_that_the_catalogue_refuses_leaves_the_attempt_alone(
        self, place: Place, at: datetime
    ) -> None:
        start_sync(place, at=at)

        with pytest.raises(Refusal):
            start_sync(place, at=at)

        assert acts() == [Act.RAN]
        assert Event.objects.filter(name="action.refused").count() == 1


class TestTry:
    def test_tells_whether_the_source_answers(self, place: Place, at: datetime) -> None:
        assert try_source(place, at=at).works
        assert acts() == [Act.TESTED, Act.READ]

    def test_shows_nothing_of_another_integration(self, place: Place, at: datetime) -> None:
        other = make_integration("Payroll", at)
        elsewhere = Place(place.grant_id, other.pk, place.visitor, "test")
        for act in (try_source, start_sync, read_settings, change_settings):
            with pytest.raises(NoAccess):
                act(elsewhere, at=at)
        assert acts() == []


class TestSettings:
    def test_change_with_before_and_after(self, place: Place, at: datetime) -> None:
        change_settings(place, at=at, name="Webshop", schedule=NIGHTLY)

        row = Integration.objects.get(name="Webshop")
        assert row.schedule == NIGHTLY
        record = AccessRecord.objects.get()
        assert record.changes == [
            ("name", "Shop", "Webshop"),
            ("schedule", "Only by hand", "Every day, 03:00 UTC"),
        ]
        event = Event.objects.get(name="object.changed")
        assert (event.facts["before"]["name"], event.facts["after"]["name"]) == ("Shop", "Webshop")
        assert event.actor_kind == "staff"

    def test_that_stay_as_they_are_leave_no_change(self, place: Place, at: datetime) -> None:
        change_settings(place, at=at, name="Shop")

        assert acts() == []

    def test_change_as_a_whole_or_not_at_all(self, place: Place, at: datetime) -> None:
        wrong = Schedule("sometimes", time(3, 0), 0)
        with pytest.raises(Invalid):
            change_settings(place, at=at, name="Webshop", schedule=wrong)

        assert Integration.objects.get(pk=place.integration_id).name == "Shop"

    def test_a_name_that_is_taken_tells_nothing_and_leaves_the_attempt(
        self, place: Place, at: datetime
    ) -> None:
        make_integration("Payroll", at)
        said = []
        for name in ("Payroll", "x" * 300):
            with pytest.raises(NameRefused) as refused:
                change_settings(place, at=at, name=name)
            said.append(str(refused.value))

        assert len(set(said)) == 1
        assert Event.objects.filter(name="action.refused").count() == 2
        assert acts() == []


class TestShut:
    def test_without_the_tick(
        self, place: Place, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        grant = Grant.objects.get()
        less = Consent(capabilities=("status", "metadata"))
        narrow_grant(grant, actor=actor_of(sia), at=at, consent=less)

        for act in (start_sync, try_source, read_settings, change_settings):
            with pytest.raises(NotApproved):
                act(place, at=at)
        assert acts() == []

    def test_for_a_single_table_of_it(
        self,
        asked: Grant,
        integration: Integration,
        sam: Membership,
        sia: Membership,
        actor_of: ActorOf,
        staff_of: StaffOf,
        at: datetime,
    ) -> None:
        one = Resource.objects.filter(integration=integration)[0].pk
        scope = narrowed_scope(asked, actor_of(sia), integrations=[], resources=[one])
        consent = Consent(capabilities=ALL, scope=scope)
        approved = approve_grant(asked, actor=actor_of(sia), at=at, consent=consent)
        open_support_session(asked, actor=staff_of(sam), at=at)

        assert approved.capabilities == ["metadata", "status"]
        with pytest.raises(NotApproved):
            start_sync(Place(asked.pk, integration.pk, staff_of(sam), "test"), at=at)

    def test_after_a_revocation_and_without_a_session(
        self, place: Place, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(SessionNeeded):
            start_sync(place, at=at + rules.SESSION_IDLE)
        revoke_grant(Grant.objects.get(), actor=actor_of(sia), at=at)

        with pytest.raises(NoAccess):
            start_sync(place, at=at)


class TestFront:
    def test_in_a_browser(
        self, place: Place, sam: Membership, sia: Membership, client_of: Callable[..., Client]
    ) -> None:
        engineer, customer = client_of(sam), client_of(sia)
        here = f"{CONSOLE}integrations/{place.integration_id}/"

        assert engineer.get(f"{CONSOLE}integrations/").content.decode().count(here) == 3
        assert engineer.get(f"{here}settings/").status_code == 200
        assert engineer.post(f"{here}test/").status_code == 302
        assert engineer.post(f"{here}sync/").status_code == 302
        wrong = engineer.post(f"{here}settings/", {"name": "", "every": "off"})
        assert wrong.status_code == 422
        new = {"name": "Webshop", "every": "daily", "clock": "03:00", "weekday": "0"}
        assert engineer.post(f"{here}settings/", new).status_code == 302

        live = customer.get("/o/acme/access/DIA-51/live/").content.decode()
        assert "changed settings" in live
        assert "<del>Shop</del>" in live
        log = customer.get("/o/acme/access/DIA-51/log/").content.decode()
        assert "<ins>Every day, 03:00 UTC</ins>" in log

    def test_settings_are_read_in_the_words_of_the_customers_form(
        self, place: Place, sam: Membership, client_of: Callable[..., Client]
    ) -> None:
        Integration.objects.filter(pk=place.integration_id).update(
            kind="postgresql", credential="sealed-secret", credential_set_at=now(),
            connection={"host": "db.acme.test", "sslmode": "verify-full", "schemas": ["a", "b"]},
        )  # fmt: skip
        engineer = client_of(sam)
        engineer.post(f"{CONSOLE}session/")
        shown = engineer.get(f"{CONSOLE}integrations/").content.decode()
        for label, said in {
            "Host": "db.acme.test", "Encryption": "Encrypted, certificate checked",
            "Only these schemas": "a, b", "Password": "kept, not shown", "Read": "Only by hand",
        }.items():  # fmt: skip
            assert f"<dt>{label}</dt><dd>{said}</dd>" in shown
        assert "sealed-secret" not in shown

    def test_a_name_that_is_taken_is_refused_on_the_page_and_by_the_api(
        self, place: Place, sam: Membership, client_of: Callable[..., Client],
        bearer: Callable[[Membership], dict[str, str]], client: Client, at: datetime,
    ) -> None:  # fmt: skip
        make_integration("Payroll", at)
        engineer = client_of(sam)
        engineer.post(f"{CONSOLE}session/")
        form = {"name": "Payroll", "every": "off", "clock": "03:00", "weekday": "0"}
        where = f"{CONSOLE}integrations/{place.integration_id}/settings/"
        assert "This name cannot be used here" in engineer.post(where, form, follow=True).text
        here = f"/api/v1/support/grants/{place.grant_id}/integrations/{place.integration_id}"
        answer = client.patch(
            f"{here}/settings", {"name": "Payroll"}, "application/json", headers=bearer(sam)
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "name-refused")

    def test_by_api(
        self,
        place: Place,
        sam: Membership,
        bearer: Callable[[Membership], dict[str, str]],
        client: Client,
    ) -> None:
        here = f"/api/v1/support/grants/{place.grant_id}/integrations/{place.integration_id}"

        def call(method: str, verb: str, body: Any = None) -> Any:
            kind = "application/json"
            return client.generic(
                method, f"{here}/{verb}", json.dumps(body or {}), kind, headers=bearer(sam)
            )

        assert call("POST", "test").json()["works"] is True
        assert call("POST", "sync").status_code == 202
        assert call("POST", "sync").status_code == 409
        wish_ = {"name": "Webshop", "schedule": {"every": "daily", "time": "03:00"}}
        changed = call("PATCH", "settings", wish_)
        assert changed.json()["schedule"] == {"every": "daily", "time": "03:00", "weekday": 0}
        assert call("GET", "settings").json()["name"] == "Webshop"
        assert call("PATCH", "settings", {"password": "x"}).status_code == 422

    def test_is_403_without_the_tick(
        self, active: Grant, sam: Membership, client_of: Callable[..., Client], at: datetime
    ) -> None:
        engineer = client_of(sam)
        engineer.post(f"{CONSOLE}session/")
        here = f"{CONSOLE}integrations/{active.scope.get().object_id}/"

        for verb in ("sync/", "test/", "settings/"):
            assert engineer.post(f"{here}{verb}").status_code == 403
        assert "sync/" not in engineer.get(f"{CONSOLE}integrations/").content.decode()

    def test_a_repeated_call_does_not_say_after_the_access_what_the_source_said(
        self, place: Place, sam: Membership, sia: Membership, actor_of: ActorOf,
        bearer: Callable[[Membership], dict[str, str]], client: Client,
    ) -> None:  # fmt: skip
        here = f"/api/v1/support/grants/{place.grant_id}/integrations/{place.integration_id}/test"
        headers = {**bearer(sam), "idempotency-key": "once"}
        first = client.post(here, {}, "application/json", headers=headers)
        assert "1 table" in first.json()["message"]
        revoke_grant(Grant.objects.get(), actor=actor_of(sia), at=now())

        again = client.post(here, {}, "application/json", headers=headers)

        assert set(again.json().values()) == {None}
