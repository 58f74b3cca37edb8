"""Teams: who leads, who joins, and that nobody gets by a team what nobody could give them."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid, NotFound, NotPermitted, StaleVersion, StepUpNeeded
from tenants.access import Actor
from tenants.actions.members import MemberNotActive
from tenants.actions.suspending import suspend_member
from tenants.actions.teams import (
    AlreadyInTeam,
    add_team_member,
    change_team,
    create_team,
    delete_team,
    describe_team,
    remove_team_member,
    set_team_lead,
    set_team_permissions,
)
from tenants.models import Membership, Team, TeamMember
from tenants.permissions import Permission
from tests.portal.rest.conftest import Caller, caller_of, fresh_limits, problem  # noqa: F401

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
CallerOf = Callable[..., Caller]


@pytest.fixture
def team(ada: Membership, actor_of: ActorOf, at: datetime) -> Team:
    return create_team(actor=actor_of(ada), at=at, name="Finance")


@pytest.fixture
def led(team: Team, ada: Membership, mia: Membership, actor_of: ActorOf) -> Team:
    """Finance, led by Mia, a viewer."""
    add_team_member(team, actor=actor_of(ada), membership=mia, is_lead=True)
    return team


def allow(team: Team, by: Actor, *permissions: str) -> Team:
    team.refresh_from_db()
    return set_team_permissions(team, actor=by, version=team.version, permissions=permissions)


class TestLeads:
    def test_bring_in_and_take_out_ordinary_people(
        self, led: Team, max_: Membership, mia: Membership, actor_of: ActorOf
    ) -> None:
        lead = actor_of(mia)
        add_team_member(led, actor=lead, membership=max_)
        remove_team_member(led, actor=lead, membership=max_)
        assert [place.membership_id for place in TeamMember.objects.all()] == [mia.pk]
        described = describe_team(led, actor=lead, description="Who closes the books")
        assert described.description == "Who closes the books"

    def test_decide_nothing_else(
        self, led: Team, ada: Membership, max_: Membership, sia: Membership, mia: Membership,
        actor_of: ActorOf,
    ) -> None:  # fmt: skip
        add_team_member(led, actor=actor_of(ada), membership=max_, is_lead=True)
        lead = actor_of(mia)
        for refused in (
            lambda: add_team_member(led, actor=lead, membership=sia, is_lead=True),
            lambda: remove_team_member(led, actor=lead, membership=max_),
            lambda: set_team_lead(led, actor=lead, membership=max_, is_lead=False),
            lambda: change_team(led, actor=lead, name="X", description="", visibility="private"),
            lambda: allow(led, lead, "catalog:view"),
            lambda: delete_team(led, actor=lead),
        ):
            with pytest.raises(NotPermitted):
                refused()

    def test_of_another_team_or_of_none_decide_nothing(
        self, led: Team, ada: Membership, mia: Membership, sia: Membership, actor_of: ActorOf,
        at: datetime,
    ) -> None:  # fmt: skip
        other = create_team(actor=actor_of(ada), at=at, name="Sales")
        with pytest.raises(NotPermitted):
            add_team_member(other, actor=actor_of(mia), membership=sia)
        with pytest.raises(NotPermitted):
            describe_team(led, actor=actor_of(sia), description="Mine")

    def test_are_made_and_unmade_with_a_trace(
        self, led: Team, ada: Membership, mia: Membership, max_: Membership, actor_of: ActorOf
    ) -> None:
        admin = actor_of(ada)
        set_team_lead(led, actor=admin, membership=mia, is_lead=False)
        set_team_lead(led, actor=admin, membership=mia, is_lead=False)
        assert not TeamMember.objects.get().is_lead
        assert Event.objects.filter(name=EventName.TEAM_LEAD_CHANGED).count() == 1
        with pytest.raises(NotFound):
            set_team_lead(led, actor=admin, membership=max_, is_lead=True)


class TestWhatATeamAllows:
    def test_counts_from_the_next_request_and_is_written_down(
        self, led: Team, ada: Membership, mia: Membership, actor_of: ActorOf
    ) -> None:
        allow(led, actor_of(ada), "audit:view", "member:view")
        assert actor_of(mia).may(Permission.AUDIT_VIEW)
        allow(led, actor_of(ada), "member:view")
        assert not actor_of(mia).may(Permission.AUDIT_VIEW)
        events = Event.objects.filter(name=EventName.TEAM_PERMISSIONS_CHANGED).order_by("id")
        facts = [json.loads(each.body)["facts"] for each in events]
        assert facts == [
            {"added": "audit:view, member:view", "removed": ""},
            {"added": "", "removed": "audit:view"},
        ]

    def test_makes_its_people_holders_who_are_told_what_holders_are_told(
        self, led: Team, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        allow(led, actor_of(ada), "grant:decide")
        told = Membership.objects.holders(Permission.GRANT_DECIDE, at=at)
        assert {each.pk for each in told} == {ada.pk, mia.pk}

    def test_is_never_more_than_its_giver_holds_nor_what_is_the_owners(
        self, team: Team, ada: Membership, max_: Membership, aud: Membership, actor_of: ActorOf
    ) -> None:
        with pytest.raises(Invalid):
            allow(team, actor_of(ada), "organization:manage")
        with pytest.raises(Invalid):
            allow(team, actor_of(ada), "console:view")
        with pytest.raises(Invalid):
            allow(team, actor_of(ada), "no:such")
        with pytest.raises(NotPermitted):
            allow(team, actor_of(aud), "audit:view")
        with pytest.raises(StepUpNeeded):
            allow(team, actor_of(max_, stepped_up=False), "audit:view")
        with pytest.raises(StaleVersion):
            set_team_permissions(team, actor=actor_of(max_), version=9, permissions=[])

    def test_lets_nobody_raise_themselves_by_joining(
        self, team: Team, ada: Membership, mia: Membership, sia: Membership, actor_of: ActorOf
    ) -> None:
        allow(team, actor_of(ada), "audit:view")
        with pytest.raises(NotPermitted, match="more than you may do now"):
            add_team_member(team, actor=actor_of(mia), membership=mia)
        add_team_member(team, actor=actor_of(sia), membership=sia)
        assert TeamMember.objects.get().membership_id == sia.pk


class TestJoining:
    def test_a_public_team_and_leaving_it_on_the_page(
        self, team: Team, mia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(mia)
        assert b"Join" in client.get(f"/o/acme/teams/{team.pk}/").content
        client.post(f"/o/acme/teams/{team.pk}/join/")
        assert TeamMember.objects.filter(membership=mia).exists()
        client.post(f"/o/acme/teams/{team.pk}/leave/")
        assert not TeamMember.objects.exists()

    def test_and_leaving_over_the_api(
        self, team: Team, mia: Membership, caller_of: CallerOf  # noqa: F811
    ) -> None:  # fmt: skip
        caller = caller_of(mia)
        joined = caller.post(f"teams/{team.pk}/join")
        assert joined.status_code == 201, joined.content
        assert problem(caller.post(f"teams/{team.pk}/join"), 409)["code"] == "already-in-team"
        assert caller.post(f"teams/{team.pk}/leave").status_code == 204
        problem(caller.post(f"teams/{team.pk}/leave"), 404)

    def test_a_private_team_does_not_exist_for_others(
        self, team: Team, ada: Membership, mia: Membership, actor_of: ActorOf,
        client_of: ClientOf, caller_of: CallerOf,  # noqa: F811
    ) -> None:  # fmt: skip
        change_team(team, actor=actor_of(ada), name="F", description="", visibility="private")
        with pytest.raises(NotPermitted):
            add_team_member(team, actor=actor_of(mia), membership=mia)
        assert client_of(mia).post(f"/o/acme/teams/{team.pk}/join/").status_code == 404
        problem(caller_of(mia).post(f"teams/{team.pk}/join"), 404)

    def test_who_is_blocked_or_there_already_is_not_put_in(
        self, led: Team, ada: Membership, mia: Membership, max_: Membership, actor_of: ActorOf,
        at: datetime,
    ) -> None:  # fmt: skip
        admin = actor_of(ada)
        with pytest.raises(AlreadyInTeam):
            add_team_member(led, actor=admin, membership=mia)
        suspend_member(max_, actor=admin, at=at)
        with pytest.raises(MemberNotActive):
            add_team_member(led, actor=admin, membership=max_)
        delete_team(led, actor=admin)
        with pytest.raises(NotFound):
            add_team_member(led, actor=admin, membership=ada)


class TestLeadsOnThePagesAndTheApi:
    def test_the_toggle(
        self, led: Team, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        address = f"/o/acme/teams/{led.pk}/members/{mia.pk}/lead/"
        assert b"Lead no longer" in client.get(f"/o/acme/teams/{led.pk}/").content
        assert client.post(address).status_code == 302
        assert not TeamMember.objects.get().is_lead
        client.post(address, {"is_lead": "yes"})
        assert TeamMember.objects.get().is_lead
        assert client.post(address.replace(str(mia.pk), str(ada.pk))).status_code == 404
        assert client_of(mia).post(address).status_code == 403

    def test_the_toggle_over_the_api(
        self, led: Team, ada: Membership, mia: Membership, caller_of: CallerOf  # noqa: F811
    ) -> None:  # fmt: skip
        path = f"teams/{led.pk}/members/{mia.pk}"
        assert caller_of(ada).patch(path, {"is_lead": False}).status_code == 200
        problem(caller_of(ada).patch(path, {"is_lead": "perhaps"}), 422)
        problem(caller_of(ada).patch(path, {}), 422)
        problem(caller_of(mia).patch(path, {"is_lead": True}), 403)
        problem(caller_of(ada).patch(f"teams/{led.pk}/members/{ada.pk}", {"is_lead": True}), 404)

    def test_a_lead_describes_and_no_more(
        self, led: Team, mia: Membership, client_of: ClientOf, caller_of: CallerOf  # noqa: F811
    ) -> None:  # fmt: skip
        client, address = client_of(mia), f"/o/acme/teams/{led.pk}/change/"
        form = client.get(address)
        assert b'name="description"' in form.content
        assert b'name="visibility"' not in form.content
        wish: dict[str, Any] = {"description": "Books", "name": "Mine", "visibility": "private"}
        client.post(address, wish)
        led.refresh_from_db()
        assert (led.name, led.description, led.visibility) == ("Finance", "Books", "public")
        path, seen = f"teams/{led.pk}", {"If_Match": f'"{led.version}"'}
        problem(caller_of(mia).patch(path, {"name": "Mine"}, **seen), 403)
        changed = caller_of(mia).patch(path, {"description": "Ledgers"}, **seen)
        assert changed.status_code == 200, changed.content

    def test_an_ordinary_member_changes_nothing(
        self, led: Team, sia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(sia)
        assert client.get(f"/o/acme/teams/{led.pk}/change/").status_code == 403
        assert client.post(f"/o/acme/teams/{led.pk}/delete/").status_code == 403
