"""Emergency access: off by default, an owner's yes in advance, two leads, ended at once."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client

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
from portal.outlets.occasions import BY_LETTER
from tenants.access import Actor
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tests.cast import make_member, make_ready, make_token_text
from tests.routes import Route, all_routes, door_of

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


class TestWhileItIsOff:
    """No page, no call and no action of the vendor's opens anything."""

    def test_no_route_of_the_vendors_opens_anything(
        self, requested: Grant, case: Case, sam: Membership, lea: Membership, lou: Membership,
        client_of: Callable[..., Client],
    ) -> None:  # fmt: skip
        ways = [
            (method, route)
            for route in all_routes()
            if route.is_console or route.pattern.startswith("api/v1/support/")
            for method in door_of(route)
            # These two would end the request, and nothing could be tried on it any more.
            if method != "GET" and not route.pattern.rstrip("/").endswith(("reject", "withdraw"))
        ]
        body = {"grant": str(requested.pk), "note": "now", "version": "1", "answer": "x"}
        people = [(who, client_of(who), make_token_text(who)) for who in (lea, lou, sam)]

        for method, route in ways:
            for _who, browser, token in people:
                cache.clear()  # the limit on calls is not what is looked at
                _send(browser, method, _address(route, requested), body=body, token=token)

        assert len(ways) > 15
        grant = Grant.objects.get(pk=requested.pk)
        assert grant.approved_at is None
        assert not Grant.objects.filter(approved_at__isnull=False).exists()
        assert not AccessRecord.objects.exists()
        assert not EmergencyConsent.objects.exists()
        assert not Event.objects.filter(name__startswith="emergency_access").exists()

    def test_the_action_refuses_and_says_why(
        self, requested: Grant, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        with pytest.raises(EmergencyOff, match="No owner"):
            agree_emergency(requested, actor=staff_of(lea), at=at)
        assert requested.decisions.count() == 0

    @pytest.mark.parametrize("end", ["withdrawn", "over"])
    def test_is_as_before_once_it_has_ended(
        self, consent: EmergencyConsent, requested: Grant, sia: Membership, lea: Membership,
        actor_of: ActorOf, staff_of: StaffOf, at: datetime, end: str,
    ) -> None:  # fmt: skip
        then = at
        if end == "withdrawn":
            withdraw_emergency(consent, actor=actor_of(sia), at=at)
        else:
            then = consent.expires_at

        with pytest.raises(EmergencyOff):
            agree_emergency(requested, actor=_fresh(staff_of(lea), then), at=then)

    def test_only_these_actions_approve(self) -> None:
        """`Grant.open` is the one way to an approved grant; these call it, and no others."""
        callers = {
            str(path)
            for path in Path("portal").rglob("*.py")
            if "grant.open(" in path.read_text(encoding="utf-8")
        }
        assert callers == {
            "portal/grants/actions/decisions.py",
            "portal/grants/actions/emergency.py",
        }


def _address(route: Route, grant: Grant) -> str:
    reference = "CASE-101" if "cases/" in route.pattern else grant.reference
    place = "/" + route.pattern.replace("<slug:slug>", "acme")
    place = place.replace("<str:reference>", reference)
    return re.sub(r"<uuid:\w+>", str(grant.pk), place)


def _send(browser: Client, method: str, place: str, *, body: dict[str, str], token: str) -> None:
    if place.startswith("/api/"):
        headers = {"authorization": f"Bearer {token}", "if-match": '"1"'}
        browser.generic(
            method, place, json.dumps(body), content_type="application/json", headers=headers
        )
    else:
        browser.generic(
            method, place, urlencode(body), content_type="application/x-www-form-urlencoded"
        )


class TestFront:
    def test_from_the_owners_yes_to_the_withdrawal_in_browsers(
        self, requested: Grant, case: Case, ada: Membership, lea: Membership, lou: Membership,
        client_of: Callable[..., Client],
    ) -> None:  # fmt: skip
        owner, first, second = client_of(ada), client_of(lea), client_of(lou)
        here, there = "/o/acme/access/emergency/", "/console/grants/acme/DIA-51/"
        assert "No owner of this customer" in first.get(there).content.decode()
        chosen = {
            "reason_codes": ["customer_support"],
            "capabilities": ["status", "metadata"],
            "integrations": [str(case.integrations.get().integration_id)],
            "longest": "14400",
            "days": "30",
        }
        assert owner.post(f"{here}allow/", {**chosen, "integrations": []}).status_code == 422
        assert owner.post(f"{here}allow/", chosen).status_code == 302
        assert "Withdraw it now" in owner.get(here).content.decode()

        assert first.post(f"{there}emergency/").status_code == 302
        assert "Lea" in second.get(there).content.decode()
        assert second.post(f"{there}emergency/").status_code == 302
        home = owner.get("/o/acme/").content.decode()
        assert "Emergency access is open" in home
        assert "has emergency access" in owner.get("/o/acme/waiting/").content.decode()
        assert (
            "Agreed to open it in an emergency"
            in owner.get("/o/acme/access/DIA-51/").content.decode()
        )

        assert owner.post(f"{here}withdraw/").status_code == 302
        assert Grant.objects.get().status == "revoked"
        assert "Emergency access is open" not in owner.get("/o/acme/").content.decode()

    def test_by_the_api(
        self, requested: Grant, case: Case, ada: Membership, lea: Membership, client: Client,
        actor_of: ActorOf, at: datetime,
    ) -> None:  # fmt: skip
        mine = {"authorization": f"Bearer {make_token_text(ada)}"}
        theirs = {"authorization": f"Bearer {make_token_text(lea)}"}
        here = "/api/v1/emergency-access"
        source = str(case.integrations.get().integration_id)
        body = {
            "reason_codes": ["customer_support"], "capabilities": ["status", "metadata"],
            "integrations": [source], "longest_seconds": 14400, "days": 90,
        }  # fmt: skip
        asked = {"headers": mine, "content_type": "application/json"}

        assert client.get(here, headers=mine).json()["allowed"] is False
        assert client.post(here, {**body, "days": 91}, **asked).status_code == 422
        assert (
            client.post(here, {**body, "integrations": [str(case.pk)]}, **asked).status_code == 422
        )
        assert client.post(here, {**body, "integrations": []}, **asked).status_code in {403, 422}
        assert client.post(here, body, **asked).status_code == 403  # nobody has stepped up
        allow_emergency(terms(case), actor=actor_of(ada), at=at)
        shown = client.get(here, headers=mine).json()
        assert [shown["allowed"], shown["scope"][0]["object_id"]] == [True, source]

        answer = client.post(
            "/api/v1/support/emergencies", {"grant": str(requested.pk)}, headers=theirs,
            content_type="application/json",
        )  # fmt: skip
        assert answer.status_code == 403  # a token's holder has to step up as well
        assert client.delete(here, headers=mine).json()["allowed"] is False
        assert client.delete(here, headers=mine).status_code == 404


def test_the_customer_is_told_at_once(opened: Grant, ada: Membership, at: datetime) -> None:
    event = Event.objects.get(name="emergency_access.opened")

    told = set(BY_LETTER["emergency-opened"].choose(event, at))

    assert {f"member:{ada.pk}", "security"} <= told
