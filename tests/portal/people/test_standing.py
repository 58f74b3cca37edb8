"""Suspended, let in again, given an end: what works for whom, and what stops at once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid, NotPermitted
from portal.people.actions.standing import RequestAtWork, let_in_again
from portal.people.sweeps import notice_ends
from portal.tickets.actions import file_revocation
from tenants.access import Actor
from tenants.actions.ends import set_access_end
from tenants.actions.guards import LastOwner
from tenants.actions.roles import create_role
from tenants.actions.suspending import suspend_member
from tenants.actions.teams import add_team_member, create_team, set_team_permissions
from tenants.actions.tokens import issue_token
from tenants.models import ApiToken, Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]
DAY = timedelta(days=1)


def told(name: EventName) -> int:
    return Event.objects.filter(name=name).count()


class TestSuspending:
    def test_shows_first_and_cuts_then(
        self, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        theirs, client = client_of(mia), client_of(ada)
        address = f"/o/acme/members/{mia.pk}/suspend/"

        assert "loses all access" in client.get(address).content.decode()
        mia.refresh_from_db()
        assert mia.status == Membership.Status.ACTIVE
        client.post(address, {"reason": "On leave"})

        mia.refresh_from_db()
        assert mia.status == Membership.Status.SUSPENDED
        assert theirs.get("/o/acme/").status_code != 200
        event = Event.objects.get(name=EventName.MEMBER_CONTAINED)
        assert event.people()["reason"] == "On leave"

    def test_nobody_suspends_themselves_or_above(
        self, ada: Membership, max_: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        make_member(ada.organization, "Bea Osei", BuiltInRole.OWNER)
        for who, whom in ((max_, max_), (max_, ada), (mia, max_)):
            with pytest.raises(NotPermitted):
                suspend_member(whom, actor=actor_of(who), at=at)

    def test_coming_back_has_the_chosen_role_and_nothing_old(
        self,
        ada: Membership,
        max_: Membership,
        actor_of: ActorOf,
        client_of: ClientOf,
        at: datetime,
    ) -> None:
        token, text = issue_token(
            actor=actor_of(max_), at=at, name="ci", scopes=["member:view"], lasts=DAY
        )
        old = client_of(max_)
        suspend_member(max_, actor=actor_of(ada), at=at)

        client_of(ada).post(f"/o/acme/members/{max_.pk}/reinstate/", {"role": "editor"})

        max_.refresh_from_db()
        token.refresh_from_db()
        assert (max_.status, max_.role) == ("active", "editor")
        assert token.revoked_at is not None
        assert old.get("/o/acme/").status_code != 200
        bearer = {"Authorization": f"Bearer {text}"}
        assert Client().get("/api/v1/members", headers=bearer).status_code == 401

    def test_a_request_at_work_owns_the_way_back(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, client_of: ClientOf, at: datetime
    ) -> None:
        suspend_member(mia, actor=actor_of(ada), at=at)
        ticket = file_revocation(mia, actor=actor_of(ada), at=at)

        with pytest.raises(RequestAtWork):
            let_in_again(mia, actor=actor_of(ada), at=at, role="viewer")

        page = client_of(ada).get(f"/o/acme/members/{mia.pk}/reinstate/").content.decode()
        assert f"{ticket.number} is revoking" in page

    def test_an_admin_gives_no_more_than_they_hold(
        self, ada: Membership, max_: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        suspend_member(mia, actor=actor_of(ada), at=at)

        with pytest.raises(NotPermitted):
            let_in_again(mia, actor=actor_of(max_), at=at, role="owner")

    def test_a_role_made_here_comes_back_too_and_the_page_counts_the_tokens(
        self,
        ada: Membership,
        max_: Membership,
        actor_of: ActorOf,
        client_of: ClientOf,
        at: datetime,
    ) -> None:
        keeper = create_role(actor=actor_of(ada), name="Keeper", permissions=["member:view"])
        for name in ("ci", "cd"):
            issue_token(actor=actor_of(max_), at=at, name=name, scopes=["member:view"], lasts=DAY)
        suspend_member(max_, actor=actor_of(ada), at=at)
        client, where = client_of(ada), f"/o/acme/members/{max_.pk}/reinstate/"

        assert (
            "2 API tokens that they answer for end for good" in client.get(where).content.decode()
        )
        client.post(where, {"role": f"custom:{keeper.pk}"})

        max_.refresh_from_db()
        assert (max_.status, max_.custom_role) == ("active", keeper)
        event = Event.objects.filter(name=EventName.MEMBER_REINSTATED).latest("id")
        assert (event.facts["role"], event.facts["tokens_ended"]) == ("Keeper", 2)
        assert not ApiToken.objects.filter(owner=max_).usable(at=at).exists()

    def test_nobody_gives_back_by_a_team_what_they_lack(
        self, ada: Membership, sia: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        team = create_team(actor=actor_of(ada), at=at, name="Keepers")
        set_team_permissions(team, actor=actor_of(ada), version=1, permissions=["role:manage"])
        add_team_member(team, actor=actor_of(ada), membership=mia)
        suspend_member(mia, actor=actor_of(sia), at=at)

        with pytest.raises(NotPermitted, match="A team of Mia"):
            let_in_again(mia, actor=actor_of(sia), at=at, role="viewer")

        let_in_again(mia, actor=actor_of(ada), at=at, role="viewer")
        mia.refresh_from_db()
        assert mia.is_active(at=at)

    def test_a_role_that_may_more_or_is_not_of_here_is_refused(
        self, ada: Membership, max_: Membership, mia: Membership, ned: Membership,
        actor_of: ActorOf, client_of: ClientOf, at: datetime,
    ) -> None:  # fmt: skip
        wide = create_role(
            actor=actor_of(ada), name="Wide", permissions=["organization:manage", "member:view"]
        )
        with organization_scope(ned.organization_id):
            foreign = create_role(actor=actor_of(ned), name="Theirs", permissions=["member:view"])
        suspend_member(mia, actor=actor_of(ada), at=at)

        with pytest.raises(NotPermitted):
            let_in_again(mia, actor=actor_of(max_), at=at, custom_role=wide)
        client, where = client_of(ada), f"/o/acme/members/{mia.pk}/reinstate/"
        for role in (f"custom:{foreign.pk}", "custom:x", "custom:", "nonsense", ""):
            assert client.post(where, {"role": role}).status_code == 422
        mia.refresh_from_db()
        assert mia.status == "suspended"

    def test_a_person_elsewhere_is_unknown(
        self, ada: Membership, ned: Membership, client_of: ClientOf
    ) -> None:
        for verb in ("suspend", "reinstate", "end", "hand-over"):
            answer = client_of(ada).post(f"/o/acme/members/{ned.pk}/{verb}/")
            assert answer.status_code == 404


class TestTheEndOfAccess:
    def test_is_the_end_of_the_day_and_shown(
        self, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        data = {"access_ends_at": "2031-03-05", "version": mia.version}

        client.post(f"/o/acme/members/{mia.pk}/end/", data)

        mia.refresh_from_db()
        assert mia.access_ends_at is not None
        assert mia.access_ends_at.isoformat() == "2031-03-05T23:59:59+00:00"
        stale = client.post(f"/o/acme/members/{mia.pk}/end/", data, follow=True)
        assert b"changed meanwhile" in stale.content

    def test_lies_ahead(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, client_of: ClientOf, at: datetime
    ) -> None:
        with pytest.raises(Invalid):
            set_access_end(mia, actor=actor_of(ada), at=at, ends_at=at)

        data = {"access_ends_at": "2001-03-05", "version": mia.version}
        answer = client_of(ada).post(f"/o/acme/members/{mia.pk}/end/", data)
        assert answer.status_code == 422

    def test_shuts_sessions_and_tokens_out_at_its_instant(
        self,
        ada: Membership,
        max_: Membership,
        actor_of: ActorOf,
        client_of: ClientOf,
        at: datetime,
    ) -> None:
        client = client_of(max_)
        _row, text = issue_token(
            actor=actor_of(max_), at=at, name="ci", scopes=["member:view"], lasts=DAY
        )
        bearer = {"Authorization": f"Bearer {text}"}
        assert client.get("/o/acme/").status_code == 200
        assert client.get("/api/v1/members", headers=bearer).status_code == 200

        Membership.objects.filter(pk=max_.pk).update(access_ends_at=at)

        assert client.get("/o/acme/").status_code != 200
        assert client.get("/api/v1/members", headers=bearer).status_code == 401
        assert b"Access ended" in client_of(ada).get("/o/acme/members/?use=ended").content

    def test_leaves_an_owner_without_one(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        bea = make_member(ada.organization, "Bea Osei", BuiltInRole.OWNER)
        set_access_end(ada, actor=actor_of(bea), at=at, ends_at=at + DAY)

        with pytest.raises(LastOwner):
            set_access_end(bea, actor=actor_of(ada), at=at, ends_at=at + DAY)
        with pytest.raises(LastOwner):
            suspend_member(bea, actor=actor_of(ada), at=at)

    def test_nobody_moves_their_own_or_that_of_somebody_above(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        for whom in (max_, ada):
            with pytest.raises(NotPermitted):
                set_access_end(whom, actor=actor_of(max_), at=at, ends_at=at + DAY)

    def test_is_announced_once_for_each_date(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        actor = actor_of(ada)
        set_access_end(mia, actor=actor, at=at, ends_at=at + 30 * DAY)
        notice_ends(at)
        assert told(EventName.MEMBER_END_NOTICED) == 0

        for _again in range(2):
            notice_ends(at + 24 * DAY)
        assert told(EventName.MEMBER_END_NOTICED) == 1

        set_access_end(mia, actor=actor, at=at + 24 * DAY, ends_at=at + 60 * DAY)
        notice_ends(at + 55 * DAY)
        assert told(EventName.MEMBER_END_NOTICED) == 2
