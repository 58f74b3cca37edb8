"""Rows put back past the product, and what was read kept past the access: nothing opens."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import Event
from portal.grants.actions.bundling import make_bundle, send_bundle
from portal.grants.actions.decisions import narrow_grant, revoke_grant
from portal.grants.actions.disputing import open_dispute
from portal.grants.actions.emergency import agree_emergency, allow_emergency, withdraw_emergency
from portal.grants.actions.sessions import open_support_session
from portal.grants.door import open_door
from portal.grants.emergency import Allowed
from portal.grants.models import (
    AccessRecord,
    BundleOpening,
    Case,
    EmergencyConsent,
    Grant,
    SupportSession,
)
from portal.grants.reading import read_resources
from portal.grants.refusals import EmergencyOff, NoAccess
from portal.grants.rules import Capability
from portal.grants.sweeps import settle_everywhere
from portal.grants.terms import Consent
from tenants.access import Actor
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_machine, make_member, make_ready, make_token_text

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]


def read(grant: Grant, visitor: Actor, at: datetime) -> int:
    with open_door(
        grant.pk, visitor=visitor, at=at, capability=Capability.METADATA, route="test"
    ) as opening:
        return len(read_resources(opening).rows)


class TestARowPutBackAsItWas:
    def test_before_the_revocation_opens_nothing(
        self, active: Grant, sam: Membership, sia: Membership, actor_of: ActorOf,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        open_support_session(active, actor=staff_of(sam), at=at)
        kept = Grant.objects.filter(pk=active.pk).values().get()
        revoke_grant(active, actor=actor_of(sia), at=at)
        Grant.objects.filter(pk=active.pk).update(**kept)
        SupportSession.objects.update(closed_at=None)

        with pytest.raises(NoAccess):
            read(active, staff_of(sam), at)

        assert Event.objects.filter(name="grant.tampered").count() == 1

    def test_before_it_was_narrowed_opens_nothing(
        self, active: Grant, sam: Membership, sia: Membership, actor_of: ActorOf,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        open_support_session(active, actor=staff_of(sam), at=at)
        kept = Grant.objects.filter(pk=active.pk).values().get()
        less = Consent(duration=timedelta(days=1))
        narrow_grant(active, actor=actor_of(sia), at=at, consent=less)
        assert read(active, staff_of(sam), at) == 3
        Grant.objects.filter(pk=active.pk).update(**kept)

        with pytest.raises(NoAccess):
            read(active, staff_of(sam), at)

        assert Event.objects.filter(name="grant.tampered").count() == 1


class TestEmergency:
    @pytest.fixture
    def lou(self, vendor: Organization) -> Membership:
        """A second lead."""
        return make_ready(make_member(vendor, "Lou Marsh", BuiltInRole.SUPPORT_LEAD))

    @pytest.fixture
    def consent(
        self, case: Case, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> EmergencyConsent:
        allowed = Allowed(
            lasts=timedelta(days=30),
            longest=timedelta(hours=4),
            reason_codes=("customer_support",),
            capabilities=("status", "metadata"),
            scope=tuple(row.as_scope() for row in case.integrations.all()),
        )
        return allow_emergency(allowed, actor=actor_of(ada), at=at)

    def test_a_consent_that_was_withdrawn_and_put_back_is_off(
        self, consent: EmergencyConsent, requested: Grant, sia: Membership, lea: Membership,
        actor_of: ActorOf, staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        kept = EmergencyConsent.objects.values().get()
        withdraw_emergency(consent, actor=actor_of(sia), at=at)
        EmergencyConsent.objects.update(**kept)

        with pytest.raises(EmergencyOff):
            agree_emergency(requested, actor=staff_of(lea), at=at)

    def test_an_edited_consent_is_reported_once_and_switched_off(
        self, consent: EmergencyConsent, at: datetime
    ) -> None:
        settle_everywhere(at)
        assert EmergencyConsent.objects.get().stands(at)
        EmergencyConsent.objects.update(reason_codes=["vendor_service"])

        settle_everywhere(at)
        settle_everywhere(at)

        assert Event.objects.filter(name="emergency_access.tampered").count() == 1
        assert not EmergencyConsent.objects.get().stands(at)

    def test_the_word_of_a_lead_who_is_none_any_more_does_not_count(
        self, consent: EmergencyConsent, requested: Grant, lea: Membership, lou: Membership,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        agree_emergency(requested, actor=staff_of(lea), at=at)
        with organization_scope(lea.organization_id):
            Membership.objects.filter(pk=lea.pk).update(role=BuiltInRole.SUPPORT_ENGINEER)

        assert not agree_emergency(requested, actor=staff_of(lou), at=at).active(at)


class TestMachinesOfTheVendor:
    @pytest.fixture
    def machine(self, lea: Membership) -> dict[str, str]:
        """The header of a service account with a lead's role and every scope."""
        made = make_machine(lea, role=BuiltInRole.SUPPORT_LEAD)
        return {"authorization": f"Bearer {make_token_text(lea, machine=made)}"}

    def test_open_no_bundle(
        self, case: Case, sia: Membership, machine: dict[str, str], actor_of: ActorOf,
        client: Client, at: datetime,
    ) -> None:  # fmt: skip
        by = actor_of(sia)
        bundle = send_bundle(make_bundle(case, actor=by, at=at), actor=by, at=at)

        answer = client.get(f"/api/v1/support/bundles/{bundle.pk}", headers=machine)

        assert answer.status_code == 403
        assert not BundleOpening.objects.exists()

    def test_answer_no_dispute(
        self, active: Grant, sam: Membership, sia: Membership, machine: dict[str, str],
        actor_of: ActorOf, staff_of: StaffOf, client: Client, at: datetime,
    ) -> None:  # fmt: skip
        open_support_session(active, actor=staff_of(sam), at=at)
        read(active, staff_of(sam), at)
        one = AccessRecord.objects.order_by("id")[0]
        dispute = open_dispute(one, actor=actor_of(sia), at=at, reason="Why this table?")
        here = f"/api/v1/support/disputes/{dispute.pk}/answer"

        answer = client.post(here, {"answer": "Fine."}, "application/json", headers=machine)

        assert answer.status_code == 403
        dispute.refresh_from_db()
        assert dispute.is_open
