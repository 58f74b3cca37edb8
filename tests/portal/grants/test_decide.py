"""Asking and deciding: who may, what cannot be widened, and what leaves no trace of change."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, Refusal
from portal.grants import rules
from portal.grants.actions.cases import close_case
from portal.grants.actions.decisions import approve_grant, deny_grant, narrow_grant, revoke_grant
from portal.grants.actions.requests import (
    endorse_grant,
    reject_grant,
    request_grant,
    withdraw_grant,
)
from portal.grants.actions.settling import settle_grants
from portal.grants.choosing import chosen_integrations
from portal.grants.models import Case, Grant, SupportSession
from portal.grants.refusals import (
    CaseClosed,
    GrantAlreadyOpen,
    GrantNotPending,
    IllegalMove,
    SamePerson,
)
from portal.grants.rules import GrantStatus, ScopeItem
from portal.grants.terms import Consent
from tenants.access import Actor, system_actor
from tenants.models import Membership, Organization
from tests.cast import make_member
from tests.portal.grants.conftest import make_integration, wish

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


class TestRequest:
    def test_opens_nothing(self, requested: Grant, at: datetime) -> None:
        assert requested.status == GrantStatus.VENDOR_REVIEW
        assert not requested.active(at)
        assert requested.reference == "DIA-51"
        assert "grant.requested" in names()

    def test_is_refused_to_members_of_the_customer(
        self, case: Case, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            request_grant(case, actor=actor_of(ada), at=at, wish=wish())

        assert not Grant.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"duration": timedelta(days=21, seconds=1)}, "duration"),
            ({"duration": timedelta(minutes=59)}, "duration"),
            ({"justification": "because"}, "justification"),
            ({"reason_code": "curiosity"}, "reason_code"),
            ({"capabilities": ()}, "capabilities"),
            ({"capabilities": ("everything",)}, "capabilities"),
            ({"scope": ()}, "scope"),
        ],
    )
    def test_is_refused_with_the_field_that_cannot_be_had(
        self,
        case: Case,
        sam: Membership,
        staff_of: StaffOf,
        at: datetime,
        changes: dict[str, object],
        field: str,
    ) -> None:
        scope = tuple(row.as_scope() for row in case.integrations.all())

        with pytest.raises(Invalid) as refused:
            request_grant(
                case, actor=staff_of(sam), at=at, wish=wish(**{"scope": scope, **changes})
            )

        assert field in refused.value.errors
        assert not Grant.objects.exists()

    def test_cannot_name_what_the_customer_did_not_attach(
        self, case: Case, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        other = make_integration("Payroll", at)
        stolen = ScopeItem("integration", other.pk, other.pk, "Payroll")

        with pytest.raises(Invalid):
            chosen_integrations(case, [other.pk])
        with pytest.raises(Invalid):
            request_grant(case, actor=staff_of(sam), at=at, wish=wish(scope=(stolen,)))

    def test_takes_21_days_exactly(
        self, case: Case, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        scope = tuple(row.as_scope() for row in case.integrations.all())

        grant = request_grant(
            case,
            actor=staff_of(sam),
            at=at,
            wish=wish(scope=scope, duration=timedelta(seconds=1_814_400)),
        )

        assert grant.requested_duration == rules.LONGEST

    def test_is_refused_twice_for_the_same_scope(
        self, requested: Grant, sam: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        scope = tuple(row.as_scope() for row in requested.scope.all())

        with pytest.raises(GrantAlreadyOpen):
            request_grant(requested.case, actor=staff_of(sam), at=at, wish=wish(scope=scope))

        assert Grant.objects.count() == 1

    def test_is_refused_for_a_closed_case(
        self,
        case: Case,
        sam: Membership,
        sia: Membership,
        actor_of: ActorOf,
        staff_of: StaffOf,
        at: datetime,
    ) -> None:
        scope = tuple(row.as_scope() for row in case.integrations.all())
        close_case(case, actor=actor_of(sia), at=at)

        with pytest.raises(CaseClosed):
            request_grant(case, actor=staff_of(sam), at=at, wish=wish(scope=scope))


class TestVendorCheck:
    def test_the_requester_never_passes_on_their_own(
        self, case: Case, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        scope = tuple(row.as_scope() for row in case.integrations.all())
        own = request_grant(case, actor=staff_of(lea), at=at, wish=wish(scope=scope))

        with pytest.raises(SamePerson):
            endorse_grant(own, actor=staff_of(lea), at=at)

        own.refresh_from_db()
        assert own.status == GrantStatus.VENDOR_REVIEW

    def test_an_engineer_passes_on_nothing(
        self, requested: Grant, vendor: Organization, staff_of: StaffOf, at: datetime
    ) -> None:
        colleague = make_member(vendor, "Sol Other", "support_engineer")

        with pytest.raises(NotPermitted):
            endorse_grant(requested, actor=staff_of(colleague), at=at)

    def test_a_stopped_request_ends(
        self, requested: Grant, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        grant = reject_grant(requested, actor=staff_of(lea), at=at, note="Too wide")

        assert grant.status == GrantStatus.VENDOR_REJECTED
        with pytest.raises(IllegalMove):
            endorse_grant(grant, actor=staff_of(lea), at=at)

    def test_only_the_requester_withdraws(
        self, requested: Grant, sam: Membership, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            withdraw_grant(requested, actor=staff_of(lea), at=at)

        assert withdraw_grant(requested, actor=staff_of(sam), at=at).status == "withdrawn"


class TestEnd:
    def test_denied_is_final(
        self, pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        grant = deny_grant(pending, actor=actor_of(sia), at=at)

        assert grant.status == GrantStatus.DENIED
        with pytest.raises(GrantNotPending):
            approve_grant(grant, actor=actor_of(sia), at=at, consent=Consent())

    def test_revoking_needs_no_step_up_and_ends_at_once(
        self, active: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        grant = revoke_grant(active, actor=actor_of(sia, stepped_up=False), at=at)

        assert not grant.active(at)
        assert grant.signature == ""
        with pytest.raises(GrantNotPending):
            revoke_grant(grant, actor=actor_of(sia), at=at)

    def test_revoking_is_refused_to_viewers(
        self, active: Grant, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            revoke_grant(active, actor=actor_of(mia), at=at)

    def test_closing_the_case_ends_its_grants(
        self, active: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        close_case(active.case, actor=actor_of(sia), at=at)

        active.refresh_from_db()
        assert active.status == GrantStatus.REVOKED
        assert not SupportSession.objects.filter(closed_at__isnull=True).exists()

    def test_open_access_can_be_cut_but_not_extended(
        self, active: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(Invalid):
            narrow_grant(
                active, actor=actor_of(sia), at=at, consent=Consent(duration=timedelta(days=9))
            )
        grant = narrow_grant(
            active, actor=actor_of(sia), at=at, consent=Consent(duration=timedelta(days=1))
        )

        assert grant.expires_at == at + timedelta(days=1)

    def test_the_sweep_records_the_end_once(
        self, active: Grant, organization: Organization
    ) -> None:
        assert active.expires_at
        for _ in range(2):
            settle_grants(actor=system_actor(organization), at=active.expires_at)

        active.refresh_from_db()
        assert active.status == GrantStatus.ENDED
        assert names().count("grant.expired") == 1

    @pytest.mark.parametrize("status", [s for s in GrantStatus if not rules.TRANSITIONS[s]])
    def test_nothing_leaves_a_terminal_state(self, status: str) -> None:
        assert not any(rules.may_move(status, to) for to in GrantStatus)


class TestRefusals:
    def test_leave_nothing_but_the_attempt(
        self, pending: Grant, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        before = (pending.version, Grant.objects.count(), pending.decisions.count())

        for verb in (deny_grant, revoke_grant):
            with pytest.raises(Refusal):
                verb(pending, actor=actor_of(mia), at=at)

        pending.refresh_from_db()
        assert before == (pending.version, Grant.objects.count(), pending.decisions.count())
