"""Emergency access: off by default, an owner's yes in advance, two leads, ended at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StepUpNeeded
from portal.grants.actions.decisions import revoke_grant
from portal.grants.actions.emergency import agree_emergency, allow_emergency, withdraw_emergency
from portal.grants.actions.sessions import open_support_session
from portal.grants.door import open_door
from portal.grants.emergency import Allowed
from portal.grants.models import AccessRecord, Case, EmergencyConsent, Grant
from portal.grants.reading import read_resources
from portal.grants.refusals import EmergencyOff, EmergencyOn, NoAccess, SamePerson
from portal.grants.rules import Capability
from tenants.access import Actor
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tests.cast import make_member, make_ready

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]


@pytest.fixture
def lou(vendor: Organization) -> Membership:
    """A second lead."""
    return make_ready(make_member(vendor, "Lou Marsh", BuiltInRole.SUPPORT_LEAD))


def terms(case: Case, **changes: Any) -> Allowed:
    given: dict[str, Any] = {
        "lasts": timedelta(days=30),
        "longest": timedelta(hours=4),
        "reason_codes": ("customer_support",),
        "capabilities": ("status", "metadata"),
        "scope": tuple(row.as_scope() for row in case.integrations.all()),
    }
    return Allowed(**{**given, **changes})


@pytest.fixture
def consent(case: Case, ada: Membership, actor_of: ActorOf, at: datetime) -> EmergencyConsent:
    return allow_emergency(terms(case), actor=actor_of(ada), at=at)


@pytest.fixture
def opened(
    consent: EmergencyConsent, requested: Grant, lea: Membership, lou: Membership,
    staff_of: StaffOf, at: datetime,
) -> Grant:  # fmt: skip
    agree_emergency(requested, actor=staff_of(lea), at=at)
    return agree_emergency(requested, actor=staff_of(lou), at=at)


def read(grant: Grant, visitor: Actor, at: datetime) -> int:
    with open_door(
        grant.pk, visitor=visitor, at=at, capability=Capability.METADATA, route="test"
    ) as opening:
        return len(read_resources(opening).rows)


class TestAllowing:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"lasts": timedelta(days=90, seconds=1)},
            {"longest": timedelta(days=21)},
            {"reason_codes": ()},
            {"capabilities": ("everything",)},
            {"scope": ()},
        ],
    )
    def test_is_bounded(
        self, case: Case, ada: Membership, actor_of: ActorOf, at: datetime, wrong: dict[str, Any]
    ) -> None:
        with pytest.raises(Invalid):
            allow_emergency(terms(case, **wrong), actor=actor_of(ada), at=at)
        assert not EmergencyConsent.objects.exists()

    def test_is_an_owners_who_has_stepped_up(
        self, case: Case, sia: Membership, ada: Membership, lea: Membership, actor_of: ActorOf,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        with pytest.raises(NotPermitted):
            allow_emergency(terms(case), actor=actor_of(sia), at=at)
        with pytest.raises(NotPermitted):
            allow_emergency(terms(case), actor=staff_of(lea), at=at)
        with pytest.raises(StepUpNeeded):
            allow_emergency(terms(case), actor=actor_of(ada, stepped_up=False), at=at)

    def test_stands_once_and_may_be_given_again_after_its_end(
        self, consent: EmergencyConsent, case: Case, ada: Membership, actor_of: ActorOf,
        at: datetime,
    ) -> None:  # fmt: skip
        with pytest.raises(EmergencyOn):
            allow_emergency(terms(case), actor=actor_of(ada), at=at)

        later = consent.expires_at
        anew = allow_emergency(terms(case), actor=_fresh(actor_of(ada), later), at=later)

        assert anew.stands(later)
        assert EmergencyConsent.objects.filter(closed_at__isnull=True).get() == anew


class TestOpening:
    def test_takes_two_leads_and_goes_through_the_same_door(
        self, consent: EmergencyConsent, requested: Grant, sam: Membership, lea: Membership,
        lou: Membership, staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        one = agree_emergency(requested, actor=staff_of(lea), at=at)
        assert not one.active(at)
        with pytest.raises(SamePerson):
            agree_emergency(requested, actor=staff_of(lea), at=at)

        grant = agree_emergency(requested, actor=staff_of(lou), at=at)

        assert grant.active(at)
        assert grant.expires_at == at + timedelta(hours=4)
        open_support_session(grant, actor=staff_of(sam), at=at)
        assert read(grant, staff_of(sam), at) == 3
        assert AccessRecord.objects.filter(grant=grant).count() == 3
        assert Event.objects.filter(name="emergency_access.opened").count() == 1

    def test_is_never_the_readers_own(
        self, consent: EmergencyConsent, requested: Grant, lea: Membership, staff_of: StaffOf,
        at: datetime,
    ) -> None:  # fmt: skip
        Grant.objects.filter(pk=requested.pk).update(staff_id=lea.pk)
        with pytest.raises(SamePerson):
            agree_emergency(requested, actor=staff_of(lea), at=at)

    def test_wants_both_within_the_hour(
        self, consent: EmergencyConsent, requested: Grant, lea: Membership, lou: Membership,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        agree_emergency(requested, actor=staff_of(lea), at=at)
        later = at + timedelta(hours=1)

        grant = agree_emergency(requested, actor=_fresh(staff_of(lou), later), at=later)

        assert not grant.active(later)

    @pytest.mark.parametrize(
        "change",
        [
            {"reason_codes": ("security_review",)},
            {"capabilities": ("status",)},
            {"scope": "another"},
        ],
    )
    def test_stays_inside_what_was_allowed(
        self, case: Case, requested: Grant, ada: Membership, lea: Membership, actor_of: ActorOf,
        staff_of: StaffOf, at: datetime, change: dict[str, Any],
    ) -> None:  # fmt: skip
        if change.get("scope"):
            item = requested.scope.all()[0].as_scope()
            change = {"scope": (type(item)(item.kind, case.pk, case.pk, "another"),)}
        allow_emergency(terms(case, **change), actor=actor_of(ada), at=at)

        with pytest.raises(EmergencyOff):
            agree_emergency(requested, actor=staff_of(lea), at=at)

    @pytest.mark.parametrize("edit", ["longer", "wider", "made up"])
    def test_a_row_edited_past_the_product_opens_nothing(
        self, consent: EmergencyConsent, requested: Grant, lea: Membership, staff_of: StaffOf,
        at: datetime, edit: str,
    ) -> None:  # fmt: skip
        rows = EmergencyConsent.objects.filter(pk=consent.pk)
        if edit == "longer":
            rows.update(expires_at=at + timedelta(days=900))
        elif edit == "wider":
            rows.update(reason_codes=["customer_support", "vendor_service"])
        else:
            rows.update(signature="")

        with pytest.raises(EmergencyOff):
            agree_emergency(requested, actor=staff_of(lea), at=at)


class TestEnding:
    def test_the_kill_switch_is_the_same(
        self, opened: Grant, sam: Membership, sia: Membership, actor_of: ActorOf,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        open_support_session(opened, actor=staff_of(sam), at=at)
        revoke_grant(opened, actor=actor_of(sia), at=at)

        with pytest.raises(NoAccess):
            read(opened, staff_of(sam), at)

    def test_withdrawing_ends_what_was_opened_in_the_same_moment(
        self, consent: EmergencyConsent, opened: Grant, requested: Grant, sam: Membership,
        sia: Membership, actor_of: ActorOf, staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        open_support_session(opened, actor=staff_of(sam), at=at)

        withdraw_emergency(consent, actor=actor_of(sia, stepped_up=False), at=at)

        with pytest.raises(NoAccess):
            read(opened, staff_of(sam), at)
        assert Grant.objects.get().status == "revoked"

    def test_is_not_the_vendors(
        self, consent: EmergencyConsent, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            withdraw_emergency(consent, actor=staff_of(lea), at=at)
        assert EmergencyConsent.objects.get().stands(at)


def _fresh(actor: Actor, at: datetime) -> Actor:
    return replace(actor, stepped_up_until=at + timedelta(minutes=5))
