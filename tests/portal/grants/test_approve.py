"""The customer's yes: who may say it, never wider than asked, never longer than 21 days."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StaleVersion, StepUpNeeded
from portal.catalog.models import Integration, Resource
from portal.grants import rules
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.decisions import approve_grant
from portal.grants.actions.requests import (
    endorse_grant,
    request_grant,
)
from portal.grants.actions.settling import settle_grants
from portal.grants.choosing import narrowed_scope
from portal.grants.models import Grant
from portal.grants.refusals import (
    GrantNotPending,
    SamePerson,
)
from portal.grants.rules import GrantStatus, ScopeItem
from portal.grants.terms import Consent
from tenants.access import Actor, system_actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.cast import make_member
from tests.portal.grants.conftest import make_integration, wish

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


class TestApproval:
    def test_opens_for_the_time_asked_for(
        self, pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        grant = approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())

        assert grant.status == GrantStatus.ACTIVE
        assert grant.expires_at == at + timedelta(days=7)
        assert grant.active(at)
        assert "grant.approved" in names()

    def test_is_half_open_to_the_microsecond(self, active: Grant) -> None:
        assert active.starts_at
        assert active.expires_at
        tick = timedelta(microseconds=1)

        assert not active.active(active.starts_at - tick)
        assert active.active(active.starts_at)
        assert active.active(active.expires_at - tick)
        assert not active.active(active.expires_at)

    def test_a_later_start_uses_up_its_own_time(
        self, pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        start = at + timedelta(days=20)

        grant = approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent(starts_at=start))

        assert grant.status == GrantStatus.SCHEDULED
        assert grant.expires_at == at + timedelta(days=21)
        assert grant.state(start) == GrantStatus.ACTIVE
        assert grant.state(at + rules.LONGEST) == GrantStatus.ENDED

    @pytest.mark.parametrize("who", ["mia", "aud"])
    def test_is_refused_to_who_may_not_decide(
        self,
        pending: Grant,
        who: str,
        request: pytest.FixtureRequest,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        actor = actor_of(request.getfixturevalue(who))

        with pytest.raises(NotPermitted):
            approve_grant(pending, actor=actor, at=at, consent=Consent())

        assert not Grant.objects.get().approved_at
        assert names()[-1] == "action.refused"

    def test_is_refused_to_every_member_of_the_staff(
        self, pending: Grant, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            approve_grant(pending, actor=staff_of(lea), at=at, consent=Consent())

    def test_needs_a_step_up(
        self, pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(StepUpNeeded):
            approve_grant(pending, actor=actor_of(sia, stepped_up=False), at=at, consent=Consent())

    def test_is_refused_to_the_requester_as_a_member_of_the_customer(
        self,
        organization: Organization,
        pending: Grant,
        sam: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        moonlighting = make_member(organization, "Sam Whitlock", "owner")
        Membership.objects.filter(pk=moonlighting.pk).update(user=sam.user)

        with pytest.raises(SamePerson):
            approve_grant(
                pending,
                actor=actor_of(Membership.objects.get(pk=moonlighting.pk)),
                at=at,
                consent=Consent(),
            )

    def test_is_refused_for_somebody_who_left_the_vendor(
        self, pending: Grant, sam: Membership, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        _off_board(sam, at)

        with pytest.raises(GrantNotPending):
            approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())

    @pytest.mark.parametrize(
        "consent",
        [
            Consent(duration=timedelta(days=8)),
            Consent(duration=timedelta(days=21, seconds=1)),
            Consent(capabilities=("status", "metadata", "values")),
            Consent(capabilities=()),
            Consent(scope=()),
        ],
    )
    def test_never_widens(
        self, pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime, consent: Consent
    ) -> None:
        with pytest.raises(Invalid):
            approve_grant(pending, actor=actor_of(sia), at=at, consent=consent)

        pending.refresh_from_db()
        assert pending.status == GrantStatus.PENDING_CUSTOMER

    def test_never_covers_another_integration(
        self, pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        other = make_integration("Payroll", at)
        wider = (ScopeItem("integration", other.pk, other.pk, "Payroll"),)

        with pytest.raises(Invalid):
            approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent(scope=wider))
        with pytest.raises(Invalid):
            narrowed_scope(pending, actor_of(sia), integrations=[other.pk], resources=[])

    def test_narrows_to_single_tables(
        self,
        pending: Grant,
        integration: Integration,
        sia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        one = Resource.objects.order_by("name")[0]
        scope = narrowed_scope(
            pending, actor_of(sia), integrations=[integration.pk], resources=[one.pk]
        )

        grant = approve_grant(
            pending,
            actor=actor_of(sia),
            at=at,
            consent=Consent(scope=scope, capabilities=("metadata",), duration=timedelta(days=1)),
        )

        assert [row.object_id for row in grant.scope.all()] == [one.pk]
        assert grant.capabilities == ["metadata"]
        assert grant.expires_at == at + timedelta(days=1)

    def test_a_case_without_integrations_leaves_the_choice_to_the_customer(
        self,
        integration: Integration,
        sam: Membership,
        lea: Membership,
        sia: Membership,
        actor_of: ActorOf,
        staff_of: StaffOf,
        at: datetime,
    ) -> None:
        case = open_case(CaseFacts("By support"), actor=staff_of(sam), at=at)
        grant = request_grant(case, actor=staff_of(sam), at=at, wish=wish())
        endorse_grant(grant, actor=staff_of(lea), at=at)

        with pytest.raises(Invalid):
            approve_grant(grant, actor=actor_of(sia), at=at, consent=Consent())
        scope = narrowed_scope(grant, actor_of(sia), integrations=[integration.pk], resources=[])
        opened = approve_grant(grant, actor=actor_of(sia), at=at, consent=Consent(scope=scope))

        assert [row.label for row in opened.scope.all()] == ["Shop"]

    def test_is_refused_on_a_stale_version(
        self, pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(StaleVersion):
            approve_grant(
                pending, actor=actor_of(sia), at=at, consent=Consent(), version=pending.version - 1
            )

    def test_is_refused_after_72_hours(
        self,
        pending: Grant,
        sia: Membership,
        actor_of: ActorOf,
        organization: Organization,
        at: datetime,
    ) -> None:
        late = at + timedelta(hours=72)
        assert pending.state(late - timedelta(microseconds=1)) == GrantStatus.PENDING_CUSTOMER

        with pytest.raises(GrantNotPending):
            approve_grant(pending, actor=actor_of(sia), at=late, consent=Consent())
        settle_grants(actor=system_actor(organization), at=late)

        pending.refresh_from_db()
        assert pending.status == GrantStatus.LAPSED
        assert names().count("grant.lapsed") == 1

    def test_is_refused_twice(
        self, active: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(GrantNotPending):
            approve_grant(active, actor=actor_of(sia), at=at, consent=Consent())


def _off_board(member: Membership, at: datetime) -> None:
    with organization_scope(member.organization_id):
        Membership.objects.filter(pk=member.pk).update(status="suspended", contained_at=at)
