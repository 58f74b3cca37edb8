"""The reading door: who gets through, what is recorded, and when it is shut."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import Event
from audit.refusals import NotPermitted
from portal.catalog.models import Integration, Metric, Resource
from portal.grants import rules
from portal.grants.actions.decisions import approve_grant, narrow_grant, revoke_grant
from portal.grants.actions.requests import endorse_grant, request_grant
from portal.grants.actions.sessions import close_support_session, open_support_session
from portal.grants.actions.settling import check_signatures
from portal.grants.choosing import narrowed_scope
from portal.grants.door import Opening, open_door
from portal.grants.models import AccessRecord, Case, Grant, SupportSession
from portal.grants.reading import read_integrations, read_resource, read_resources
from portal.grants.refusals import GrantNotPending, NoAccess, SessionNeeded
from portal.grants.rules import Capability
from portal.grants.terms import Consent
from tenants.access import Actor, system_actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.cast import make_member
from tests.portal.grants.conftest import make_integration, wish

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]


class Reader:
    """Sam at the door, with a session of his own."""

    def __init__(self, grant: Grant, visitor: Actor, at: datetime) -> None:
        self.grant, self.visitor, self.at = grant, visitor, at

    def resources(self, *, at: datetime | None = None) -> list[str]:
        with self.door(Capability.METADATA, at) as opening:
            return [row.name for row in read_resources(opening).rows]

    def resource(self, pk: object) -> str:
        with self.door(Capability.METADATA) as opening:
            return read_resource(opening, pk).description

    def hints(self) -> list[str]:
        with self.door(Capability.STATUS) as opening:
            return [row.error_hint for row in read_integrations(opening)]

    def door(
        self, capability: Capability, at: datetime | None = None
    ) -> AbstractContextManager[Opening]:
        return open_door(
            self.grant.pk,
            visitor=self.visitor,
            at=at or self.at,
            capability=capability,
            route="test",
        )


@pytest.fixture
def reader(active: Grant, sam: Membership, staff_of: StaffOf, at: datetime) -> Reader:
    open_support_session(active, actor=staff_of(sam), at=at)
    return Reader(active, staff_of(sam), at)


class TestReading:
    def test_settings_are_shown_and_secrets_are_not(
        self, reader: Reader, integration: Integration
    ) -> None:
        place = {"host": "db.acme.test", "database": "shop", "schemas": ["a", "b"]}
        Integration.objects.filter(pk=integration.pk).update(
            kind="postgresql", connection=place, credential="sealed-secret",
            credential_set_at=reader.at,
        )  # fmt: skip
        with reader.door(Capability.STATUS) as opening:
            (row,) = read_integrations(opening)
        assert {**row.settings, **place} == row.settings
        assert (row.settings["every"], row.settings["has_credential"]) == ("off", True)
        assert "sealed-secret" not in str(row)
        assert "settings" in AccessRecord.objects.get().fields

    def test_leaves_one_record_for_each_object_and_one_event(self, reader: Reader) -> None:
        names = reader.resources()

        assert names == ["orders_0", "orders_1", "orders_2"]
        shown = set(Resource.objects.values_list("pk", flat=True))
        assert set(AccessRecord.objects.values_list("object_id", flat=True)) == shown
        event = Event.objects.get(name="object.read")
        assert event.grant_id == reader.grant.pk
        assert event.actor_kind == "staff"
        assert event.reference == "DIA-51"
        assert len(event.facts["objects"]) == 3
        assert "orders" not in event.body

    def test_hides_values_inside_texts(self, reader: Reader) -> None:
        one = Resource.objects.order_by("name")[0]

        text = reader.resource(one.pk)

        assert "4711" not in text
        assert "erin@acme.test" not in text
        assert "•••" in text
        assert AccessRecord.objects.get().masked

    @pytest.mark.parametrize(
        ("capabilities", "shown"),
        [(("status", "metadata"), "•••"), (("metadata", "samples"), "42")],
    )
    def test_shows_values_taken_from_the_data_only_where_samples_are_ticked(
        self,
        case: Case,
        sam: Membership,
        lea: Membership,
        sia: Membership,
        actor_of: ActorOf,
        staff_of: StaffOf,
        at: datetime,
        capabilities: tuple[str, ...],
        shown: str,
    ) -> None:
        one = Resource.objects.order_by("name")[0]
        Metric.objects.create(
            integration=one.integration, resource=one, name="rows", label="Rows", value="42"
        )
        scope = tuple(row.as_scope() for row in case.integrations.all())
        asked = wish(scope=scope, capabilities=capabilities)
        grant = request_grant(case, actor=staff_of(sam), at=at, wish=asked)
        endorse_grant(grant, actor=staff_of(lea), at=at)
        approve_grant(grant, actor=actor_of(sia), at=at, consent=Consent())
        open_support_session(grant, actor=staff_of(sam), at=at)

        with Reader(grant, staff_of(sam), at).door(Capability.METADATA) as opening:
            (metric,) = read_resource(opening, one.pk).metrics

        assert (metric.label, metric.value) == ("Rows", shown)
        assert AccessRecord.objects.get().masked

    def test_hides_values_inside_errors(self, reader: Reader) -> None:
        assert reader.hints() == ["Could not cast ••• to integer"]

    def test_stays_inside_the_scope(self, reader: Reader, at: datetime) -> None:
        other = make_integration("Payroll", at)
        salary = Resource.objects.filter(integration=other)[0]

        with pytest.raises(NoAccess):
            reader.resource(salary.pk)
        assert "orders_0" in reader.resources()
        assert AccessRecord.objects.filter(object_id=salary.pk).count() == 0

    def test_answers_alike_for_foreign_and_unknown_objects(
        self, reader: Reader, at: datetime
    ) -> None:
        salary = Resource.objects.filter(integration=make_integration("Payroll", at))[0]
        said = []
        for wanted in (salary.pk, uuid4()):
            with pytest.raises(NoAccess) as refused:
                reader.resource(wanted)
            said.append(refused.value.message)

        assert said[0] == said[1]

    def test_needs_the_capability(
        self, reader: Reader, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        narrow_grant(
            reader.grant, actor=actor_of(sia), at=at, consent=Consent(capabilities=("status",))
        )

        with pytest.raises(NoAccess):
            reader.resources()
        assert reader.hints()

    def test_follows_a_scope_cut_to_one_table(
        self,
        reader: Reader,
        integration: Integration,
        sia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        one = Resource.objects.get(name="orders_1")
        scope = narrowed_scope(reader.grant, actor_of(sia), integrations=[], resources=[one.pk])
        narrow_grant(reader.grant, actor=actor_of(sia), at=at, consent=Consent(scope=scope))

        assert reader.resources() == ["orders_1"]

    def test_that_breaks_off_shows_nothing_and_records_nothing(self, reader: Reader) -> None:
        def break_off() -> None:
            with reader.door(Capability.METADATA) as opening:
                read_resources(opening)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            break_off()

        assert not AccessRecord.objects.exists()


class TestShut:
    def test_before_approval(
        self, pending: Grant, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        with pytest.raises(NoAccess):
            Reader(pending, staff_of(sam), at).resources()
        with pytest.raises(GrantNotPending):
            open_support_session(pending, actor=staff_of(sam), at=at)

    def test_after_revocation(
        self, reader: Reader, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        assert reader.resources()
        revoke_grant(reader.grant, actor=actor_of(sia), at=at)

        with pytest.raises(NoAccess):
            reader.resources()
        assert AccessRecord.objects.count() == 3
        assert not SupportSession.objects.filter(closed_at__isnull=True).exists()

    def test_at_the_end_without_any_worker(
        self, reader: Reader, sam: Membership, staff_of: StaffOf
    ) -> None:
        end = reader.grant.expires_at
        assert end is not None
        last = end - timedelta(microseconds=1)
        open_support_session(reader.grant, actor=staff_of(sam), at=last)

        assert reader.resources(at=last)
        with pytest.raises(NoAccess):
            reader.resources(at=end)

    def test_before_a_later_start(
        self,
        pending: Grant,
        sam: Membership,
        sia: Membership,
        actor_of: ActorOf,
        staff_of: StaffOf,
        at: datetime,
    ) -> None:
        start = at + timedelta(days=20)
        grant = approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent(starts_at=start))
        reader = Reader(grant, staff_of(sam), at)

        with pytest.raises(NoAccess):
            reader.resources()
        open_support_session(grant, actor=staff_of(sam), at=start)
        assert reader.resources(at=start)
        with pytest.raises(NoAccess):
            reader.resources(at=at + rules.LONGEST)

    def test_to_colleagues_and_customers(
        self,
        reader: Reader,
        vendor: Organization,
        lea: Membership,
        ada: Membership,
        actor_of: ActorOf,
        staff_of: StaffOf,
        at: datetime,
    ) -> None:
        colleague = make_member(vendor, "Sol Other", "support_engineer")

        for other in (staff_of(lea), staff_of(colleague), actor_of(ada)):
            with pytest.raises(NoAccess):
                Reader(reader.grant, other, at).resources()

    def test_to_somebody_who_left_the_vendor(
        self, reader: Reader, sam: Membership, at: datetime
    ) -> None:
        with organization_scope(sam.organization_id):
            Membership.objects.filter(pk=sam.pk).update(status="suspended", contained_at=at)

        with pytest.raises(NoAccess):
            reader.resources()

    def test_without_a_session(
        self, active: Grant, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        with pytest.raises(SessionNeeded):
            Reader(active, staff_of(sam), at).resources()

    def test_after_15_idle_minutes_and_after_8_hours(self, reader: Reader, at: datetime) -> None:
        with pytest.raises(SessionNeeded):
            reader.resources(at=at + rules.SESSION_IDLE)

        step = timedelta(minutes=14)
        moment = at
        while moment + step < at + rules.SESSION_LONGEST:
            moment += step
            assert reader.resources(at=moment)
        with pytest.raises(SessionNeeded):
            reader.resources(at=at + rules.SESSION_LONGEST)

    def test_once_the_session_is_closed(
        self, reader: Reader, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        close_support_session(reader.grant, actor=staff_of(sam), at=at)

        with pytest.raises(SessionNeeded):
            reader.resources()

    def test_the_attempt_stands_in_the_customers_log(
        self, reader: Reader, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        revoke_grant(reader.grant, actor=actor_of(sia), at=at)
        with pytest.raises(NoAccess):
            reader.resources()

        last = Event.objects.order_by("-id")[0]
        assert (last.name, last.outcome, last.actor_kind) == ("action.refused", "refused", "staff")


class TestSession:
    def test_is_one_at_a_time(
        self, reader: Reader, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        open_support_session(reader.grant, actor=staff_of(sam), at=at)

        assert SupportSession.objects.filter(closed_at__isnull=True).count() == 1

    def test_belongs_to_the_person_it_was_granted_to(
        self, active: Grant, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            open_support_session(active, actor=staff_of(lea), at=at)


class TestEditedRow:
    @pytest.mark.parametrize(
        "change",
        [
            "expires_at = starts_at",
            'capabilities = \'["status", "metadata", "values"]\'',
            "staff_id = case_id",
            "version = version + 1",
            "signature = ''",
        ],
    )
    def test_opens_nothing_and_is_reported(
        self, reader: Reader, organization: Organization, change: str, at: datetime
    ) -> None:
        grant = reader.grant
        if change.startswith("expires_at"):
            later = grant.expires_at + timedelta(days=3)
            Grant.objects.filter(pk=grant.pk).update(expires_at=later)
        else:
            with connection.cursor() as cursor:
                cursor.execute(f"update grants_grant set {change}")  # noqa: S608

        with pytest.raises(NoAccess):
            reader.resources()
        check_signatures(actor=system_actor(organization), at=at)

        assert not AccessRecord.objects.exists()
        assert Event.objects.filter(name="grant.tampered").count() == 1
        assert not Grant.objects.get().active(at)

    def test_a_scope_row_added_in_sql_opens_nothing(self, reader: Reader, at: datetime) -> None:
        other = make_integration("Payroll", at)
        row = reader.grant.scope.get()
        row.pk, row.object_id, row.integration_id = uuid4(), other.pk, other.pk
        row.save(force_insert=True)

        with pytest.raises(NoAccess):
            reader.resources()
        assert Event.objects.filter(name="grant.tampered").exists()

    def test_a_revocation_undone_in_sql_opens_nothing(
        self, reader: Reader, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        revoke_grant(reader.grant, actor=actor_of(sia), at=at)
        Grant.objects.update(status="active", revoked_at=None, closed_at=None)

        with pytest.raises(NoAccess):
            reader.resources()

    def test_the_database_itself_holds_21_days(self, active: Grant) -> None:
        assert active.approved_at
        tick = timedelta(microseconds=1)
        Grant.objects.update(expires_at=active.approved_at + rules.LONGEST)
        with pytest.raises(IntegrityError), transaction.atomic():
            Grant.objects.update(expires_at=active.approved_at + rules.LONGEST + tick)
