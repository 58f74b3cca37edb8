"""One grant after another, and what ends them all: the owner's yes, closing, leaving, the start."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StepUpNeeded
from portal.catalog.models import Resource
from portal.grants import rules
from portal.grants.actions.decisions import approve_grant
from portal.grants.actions.requests import endorse_grant, request_grant
from portal.grants.actions.sessions import open_support_session
from portal.grants.actions.settling import settle_grants
from portal.grants.choosing import asked_scope, narrowed_scope
from portal.grants.door import open_door
from portal.grants.models import Case, Grant, SupportSession
from portal.grants.reading import read_integrations, read_resource, read_resources
from portal.grants.refusals import GrantNotPending, NoAccess, OwnerNeeded, WorkspaceCloses
from portal.grants.rules import Capability, GrantStatus
from portal.grants.terms import Consent
from portal.tickets.actions import file_deletion
from portal.tickets.rules import Scope
from tenants.access import Actor, system_actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.portal.grants.conftest import WHY, make_integration, wish

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]
Ask = Callable[..., Grant]
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


@pytest.fixture
def ask(case: Case, sam: Membership, lea: Membership, staff_of: StaffOf) -> Ask:
    """A request of Sam's that the lead has passed on."""

    def file(at: datetime, days: int, *, previous: Grant | None = None) -> Grant:
        scope = tuple(row.as_scope() for row in case.integrations.all())
        grant = request_grant(
            case,
            actor=staff_of(sam),
            at=at,
            wish=wish(scope=scope, duration=days * DAY),
            previous_id=previous.pk if previous else None,
        )
        return endorse_grant(grant, actor=staff_of(lea), at=at)

    return file


def leave(member: Membership, at: datetime) -> None:
    with organization_scope(member.organization_id):
        Membership.objects.filter(pk=member.pk).update(status="suspended", contained_at=at)


class TestTimeWithin:
    def test_counts_once_what_two_cover_and_nothing_outside(self, at: datetime) -> None:
        spans = [(at + 2 * DAY, at + 5 * DAY), (at - 9 * DAY, at + 3 * DAY), (at, at + DAY)]

        assert rules.time_within(spans, at, at + 4 * DAY) == 4 * DAY
        assert rules.time_within(spans, at + 5 * DAY, at + 9 * DAY) == timedelta(0)


class TestExtension:
    def test_is_a_new_grant_that_names_the_one_before(
        self, ask: Ask, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        first = ask(at, 1)
        approve_grant(first, actor=actor_of(sia), at=at, consent=Consent())
        later = at + DAY

        second = ask(later, 7, previous=first)
        opened = approve_grant(second, actor=actor_of(sia), at=later, consent=Consent())

        assert opened.previous == first
        assert opened.expires_at == later + 7 * DAY

    def test_of_a_request_that_never_opened_is_refused(
        self, ask: Ask, case: Case, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        first = ask(at, 1)
        scope = tuple(row.as_scope() for row in case.integrations.all())

        with pytest.raises(Invalid) as refused:
            request_grant(
                case,
                actor=staff_of(lea),
                at=at,
                wish=wish(scope=scope),
                previous_id=first.pk,
            )
        assert "previous" in refused.value.errors

    def test_past_21_of_30_days_needs_an_owner(
        self, ask: Ask, sia: Membership, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        first = ask(at, 21)
        approve_grant(first, actor=actor_of(sia), at=at, consent=Consent())
        later = at + 21 * DAY
        second = ask(later, 1, previous=first)

        with pytest.raises(OwnerNeeded):
            approve_grant(second, actor=actor_of(sia), at=later, consent=Consent())
        second.refresh_from_db()
        assert (second.status, second.decisions.count()) == (GrantStatus.PENDING_CUSTOMER, 1)

        approve_grant(second, actor=actor_of(ada), at=later, consent=Consent())
        assert Grant.objects.get(pk=second.pk).active(later)

    def test_counts_also_the_days_that_end_with_later_access_approved_before(
        self, ask: Ask, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        """10 days, then 11 that start 5 days later, and then the 5 days between them."""
        approve_grant(ask(at, 10), actor=actor_of(sia), at=at, consent=Consent())
        then = at + 10 * DAY
        status = Consent(starts_at=then + 5 * DAY, capabilities=("status",))
        approve_grant(ask(then, 11), actor=actor_of(sia), at=then, consent=status)
        between = ask(then, 5)

        with pytest.raises(OwnerNeeded):
            approve_grant(between, actor=actor_of(sia), at=then, consent=Consent())

    @pytest.mark.parametrize(("gap", "needs_owner"), [(30 * DAY, False), (30 * DAY - TICK, True)])
    def test_counts_the_30_days_that_end_with_it(
        self, ask: Ask, sia: Membership, actor_of: ActorOf, at: datetime, gap: timedelta,
        needs_owner: object,
    ) -> None:  # fmt: skip
        first = ask(at, 21)
        approve_grant(first, actor=actor_of(sia), at=at, consent=Consent())
        later = at + gap
        second = ask(later, 1)

        try:
            approve_grant(second, actor=actor_of(sia), at=later, consent=Consent())
        except OwnerNeeded:
            assert needs_owner
        else:
            assert not needs_owner


class TestLaterStart:
    @pytest.fixture
    def scheduled(self, ask: Ask, sia: Membership, actor_of: ActorOf, at: datetime) -> Grant:
        consent = Consent(starts_at=at + 20 * DAY)
        return approve_grant(ask(at, 21), actor=actor_of(sia), at=at, consent=consent)

    @pytest.mark.parametrize(("who", "because"), [("sam", "staff-left"), ("sia", "approver-left")])
    def test_opens_nothing_once_its_holder_or_approver_has_left(
        self,
        scheduled: Grant,
        organization: Organization,
        sam: Membership,
        staff_of: StaffOf,
        at: datetime,
        who: str,
        because: str,
        request: pytest.FixtureRequest,
    ) -> None:
        start = at + 20 * DAY
        leave(request.getfixturevalue(who), at)

        with pytest.raises((GrantNotPending, NotPermitted)):
            open_support_session(scheduled, actor=staff_of(sam), at=start)
        settle_grants(actor=system_actor(organization), at=start)

        scheduled.refresh_from_db()
        assert scheduled.status == GrantStatus.REVOKED
        assert Event.objects.get(name="grant.revoked").facts["because"] == because

    def test_stands_though_its_approver_leaves_after_it(
        self, scheduled: Grant, organization: Organization, sia: Membership, at: datetime
    ) -> None:
        start = at + 20 * DAY
        settle_grants(actor=system_actor(organization), at=start)
        leave(sia, at)
        settle_grants(actor=system_actor(organization), at=start + TICK)

        scheduled.refresh_from_db()
        assert scheduled.status == GrantStatus.ACTIVE


class TestEndOfAll:
    def test_leaving_the_vendor_closes_sessions_and_grants(
        self, active: Grant, organization: Organization, sam: Membership, staff_of: StaffOf,
        at: datetime,
    ) -> None:  # fmt: skip
        open_support_session(active, actor=staff_of(sam), at=at)
        leave(sam, at)
        settle_grants(actor=system_actor(organization), at=at)

        active.refresh_from_db()
        assert active.status == GrantStatus.REVOKED
        assert not SupportSession.objects.filter(closed_at__isnull=True).exists()

    def test_a_request_to_close_the_workspace_ends_access_in_the_same_transaction(
        self,
        active: Grant,
        ada: Membership,
        sam: Membership,
        case: Case,
        actor_of: ActorOf,
        staff_of: StaffOf,
        at: datetime,
    ) -> None:
        open_support_session(active, actor=staff_of(sam), at=at)
        close_workspace(ada, actor_of, at)

        active.refresh_from_db()
        assert active.status == GrantStatus.REVOKED
        assert not SupportSession.objects.filter(closed_at__isnull=True).exists()
        scope = tuple(row.as_scope() for row in case.integrations.all())
        with pytest.raises(WorkspaceCloses):
            request_grant(case, actor=staff_of(sam), at=at, wish=wish(scope=scope))

    def test_a_workspace_that_closes_is_shut_also_for_a_grant_put_back_in_sql(
        self, active: Grant, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        open_support_session(active, actor=staff_of(sam), at=at)
        Organization.objects.filter(pk=active.organization_id).update(status="closing")

        with pytest.raises(NoAccess), door(active, staff_of(sam), at):
            pytest.fail("the door was open")


class TestSession:
    def test_needs_a_fresh_second_factor(
        self, active: Grant, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        visitor = replace(staff_of(sam), stepped_up_until=None)

        with pytest.raises(StepUpNeeded):
            open_support_session(active, actor=visitor, at=at)

    def test_of_a_token_is_none_for_a_browser(
        self, active: Grant, sam: Membership, bearer: Callable[..., dict[str, str]],
        client: Client, client_of: Callable[..., Client],
    ) -> None:  # fmt: skip
        url = f"/api/v1/support/grants/{active.pk}/resources"
        assert client.get(url, headers=bearer(sam)).status_code == 200
        browser, here = client_of(sam), "/console/grants/acme/DIA-51/"

        assert browser.get(f"{here}resources/").status_code == 302
        assert browser.post(f"{here}session/").status_code == 302
        assert browser.get(f"{here}resources/").status_code == 200


class TestSingleTables:
    def test_are_asked_for_by_id_and_opened_alone(
        self, case: Case, sam: Membership, lea: Membership, sia: Membership, actor_of: ActorOf,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        one = Resource.objects.get(name="orders_1")
        scope = asked_scope(case, integrations=[], resources=[one.pk])
        grant = request_grant(case, actor=staff_of(sam), at=at, wish=wish(scope=scope))
        endorse_grant(grant, actor=staff_of(lea), at=at)
        approve_grant(grant, actor=actor_of(sia), at=at, consent=Consent())
        open_support_session(grant, actor=staff_of(sam), at=at)

        with door(grant, staff_of(sam), at) as opening:
            assert [row.name for row in read_resources(opening).rows] == ["orders_1"]

    def test_that_are_unknown_or_elsewhere_are_kept_alike_and_open_nothing(
        self, case: Case, sam: Membership, lea: Membership, sia: Membership, actor_of: ActorOf,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        payroll = Resource.objects.filter(integration=make_integration("Payroll", at))[0]
        wanted = [payroll.pk, uuid4()]
        scope = asked_scope(case, integrations=[], resources=wanted)
        assert [item.label for item in scope] == [str(pk) for pk in wanted]
        grant = request_grant(case, actor=staff_of(sam), at=at, wish=wish(scope=scope))
        endorse_grant(grant, actor=staff_of(lea), at=at)
        with pytest.raises(Invalid):
            narrowed_scope(grant, actor_of(sia), integrations=[], resources=[payroll.pk])
        approve_grant(grant, actor=actor_of(sia), at=at, consent=Consent())
        open_support_session(grant, actor=staff_of(sam), at=at)

        with door(grant, staff_of(sam), at) as opening:
            assert read_resources(opening).rows == []
            assert read_integrations(opening) == []

    def test_an_integrations_id_named_as_a_table_opens_neither_it_nor_its_tables(
        self, case: Case, sam: Membership, lea: Membership, sia: Membership, actor_of: ActorOf,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        elsewhere = make_integration("Payroll", at)
        payroll = Resource.objects.filter(integration=elsewhere)[0]
        scope = asked_scope(case, integrations=[], resources=[elsewhere.pk, payroll.pk])
        grant = request_grant(case, actor=staff_of(sam), at=at, wish=wish(scope=scope))
        endorse_grant(grant, actor=staff_of(lea), at=at)
        approve_grant(grant, actor=actor_of(sia), at=at, consent=Consent())
        open_support_session(grant, actor=staff_of(sam), at=at)

        with door(grant, staff_of(sam), at) as opening:
            assert read_integrations(opening) == []
            assert read_resources(opening).rows == []
            with pytest.raises(NoAccess):
                read_resource(opening, payroll.pk)

    def test_and_a_later_start_in_the_form(
        self, case: Case, sam: Membership, client_of: Callable[..., Client], at: datetime
    ) -> None:
        client, one = client_of(sam), Resource.objects.get(name="orders_1")
        start = (at + 2 * DAY).replace(second=0, microsecond=0)
        form = {
            "reason_code": "customer_support",
            "justification": WHY,
            "capabilities": ["metadata"],
            "resources": str(one.pk),
            "duration": "86400",
            "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        }
        here = "/console/cases/acme/CASE-101/request/"
        assert client.get(here).status_code == 200
        assert client.post(here, {**form, "resources": "orders"}).status_code == 422
        assert client.post(here, {**form, "resources": ""}).status_code == 422
        assert client.post(here, form).status_code == 302

        grant = Grant.objects.get()
        assert grant.requested_start_at == start
        assert grant.scope.get().object_id == one.pk


def door(grant: Grant, visitor: Actor, at: datetime) -> Any:
    grant_id: UUID = grant.pk
    capability = Capability.METADATA
    return open_door(grant_id, visitor=visitor, at=at, capability=capability, route="test")


def close_workspace(owner: Membership, actor_of: ActorOf, at: datetime) -> None:
    name = owner.organization.name
    actor = actor_of(owner)
    file_deletion(Scope.CLOSE, actor=actor, at=at, confirmation=name, reason="We leave.")
