"""Machines: what they may is theirs and their owner's at once, and never more than was given."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StaleVersion, StepUpNeeded
from tenants import clock
from tenants.access import Actor
from tenants.actions.handing_over import hand_over_account
from tenants.actions.members import contain_member
from tenants.actions.roles import change_role, create_role
from tenants.actions.service_accounts import (
    ServiceAccountGone,
    change_service_account,
    create_service_account,
    delete_service_account,
    reinstate_service_account,
    suspend_service_account,
)
from tenants.actions.teams import add_team_member, create_team
from tenants.actions.tokens import issue_token, revoke_token
from tenants.models import ApiToken, Membership, ServiceAccount, Team
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission
from tenants.resolving import RequestFacts, actor_for_token
from tenants.tokens import TokenRefused, authenticate_token
from tests.cast import make_member

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
SCOPES = ["catalog:view", "member:view"]


@pytest.fixture
def account(max_: Membership, actor_of: ActorOf, at: datetime) -> ServiceAccount:
    return create_service_account(actor=actor_of(max_), at=at, name="Nightly", role="editor")


@pytest.fixture
def text(account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime) -> str:
    return issue(account, actor_of(max_), at)


def issue(account: ServiceAccount, actor: Actor, at: datetime, **wish: Any) -> str:
    wish = {"scopes": SCOPES, "kind": "service", "name": "ci", **wish}
    lasts = timedelta(days=30)
    return issue_token(actor=actor, at=at, lasts=lasts, service_account=account, **wish)[1]


def come(text: str, at: datetime, address: str = "") -> Actor:
    token = authenticate_token(text, at=at, address=address)
    return actor_for_token(token, facts=RequestFacts(address=address), at=at)


def refused(text: str, at: datetime, address: str = "") -> bool:
    with pytest.raises(TokenRefused):
        authenticate_token(text, at=at, address=address)
    return True


class TestUse:
    def test_it_acts_in_its_own_name(
        self, text: str, account: ServiceAccount, max_: Membership, at: datetime
    ) -> None:
        machine = come(text, at)

        assert machine.id == machine.person == account.pk
        assert machine.name == "Nightly (ci)"
        assert machine.permissions == set(SCOPES)
        assert not machine.has_stepped_up(at=at)

    def test_its_owner_bounds_it_at_each_use(
        self, text: str, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        change_role(max_, actor=actor_of(ada), at=at, role=BuiltInRole.VIEWER)

        assert come(text, at).permissions == {Permission.CATALOG_VIEW}

    def test_its_role_bounds_it_at_each_use(
        self, text: str, account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        change_service_account(
            account, actor=actor_of(max_), at=at, version=account.version, role="viewer"
        )

        assert come(text, at).permissions == {Permission.CATALOG_VIEW}

    def test_what_only_owners_may_is_never_a_machines(
        self, text: str, account: ServiceAccount, ada: Membership, at: datetime
    ) -> None:
        ApiToken.objects.update(scopes=["organization:manage", "member:view"], owner=ada)
        ServiceAccount.objects.update(role=BuiltInRole.OWNER, owner=ada)

        assert come(text, at).permissions == {Permission.MEMBER_VIEW}

    def test_it_stops_and_goes_on_with_its_account(
        self, text: str, account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        suspend_service_account(account, actor=actor_of(max_), at=at)
        assert refused(text, at)

        reinstate_service_account(account, actor=actor_of(max_))
        assert come(text, at)

        delete_service_account(account, actor=actor_of(max_), at=at)
        assert refused(text, at)
        assert ApiToken.objects.get().revoked_at == at

    def test_it_stops_with_its_end(
        self, text: str, account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        ends = at + timedelta(days=2)
        change_service_account(
            account, actor=actor_of(max_), at=at, version=account.version, access_ends_at=ends
        )

        assert come(text, ends - timedelta(seconds=1))
        assert refused(text, ends)

    def test_it_stops_with_its_owner_until_another_answers(
        self,
        text: str,
        account: ServiceAccount,
        ada: Membership,
        max_: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        contain_member(max_, actor=actor_of(ada), at=at)
        assert refused(text, at)

        hand_over_account(account, actor=actor_of(ada), successor=ada)
        assert come(text, at).membership == ada
        assert ApiToken.objects.get().owner == ada

    def test_an_act_that_waited_is_refused_once_the_account_is_suspended(
        self, text: str, account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        machine = come(text, at)
        suspend_service_account(account, actor=actor_of(max_), at=at)

        with pytest.raises(NotPermitted):
            revoke_token(ApiToken.objects.get(), actor=machine, at=at)

    def test_both_address_rules_are_held(
        self, account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        text = issue(account, actor_of(max_), at, address_rule="203.0.113.0/24")
        change_service_account(
            account,
            actor=actor_of(max_),
            at=at,
            version=account.version,
            address_rule="203.0.113.7, 198.51.100.1",
        )

        assert come(text, at, "203.0.113.7")
        assert ApiToken.objects.get().last_used_address == "203.0.113.7"
        assert refused(text, at, "203.0.113.8")
        assert refused(text, at, "198.51.100.1")

    def test_where_it_was_used_is_written_once_a_minute(
        self, text: str, max_: Membership, at: datetime
    ) -> None:
        come(text, at, "203.0.113.7")
        come(text, at + timedelta(seconds=59), "203.0.113.8")
        assert ApiToken.objects.get().last_used_address == "203.0.113.7"

        come(text, at + timedelta(seconds=60), "203.0.113.8")
        assert ApiToken.objects.get().last_used_address == "203.0.113.8"


class TestTeams:
    @pytest.fixture
    def team(self, ada: Membership, actor_of: ActorOf, at: datetime) -> Team:
        return create_team(actor=actor_of(ada), at=at, name="Data", visibility="private")

    def test_only_those_that_its_owner_sees_too(
        self, team: Team, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        account = create_service_account(
            actor=actor_of(max_), at=at, name="M", role="viewer", teams=[team]
        )
        text = issue(account, actor_of(max_), at, scopes=["catalog:view"])
        assert come(text, at).team_ids == {team.pk}  # an admin sees the whole catalogue

        change_role(max_, actor=actor_of(ada), at=at, role=BuiltInRole.EDITOR)
        assert come(text, at).team_ids == frozenset()

        add_team_member(team, actor=actor_of(ada), membership=max_)
        assert come(text, at).team_ids == {team.pk}

    def test_what_a_team_brings_is_given_with_it(
        self, team: Team, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        Team.objects.filter(pk=team.pk).update(permissions=["organization:manage"])
        team.refresh_from_db()

        for person in (max_, ada):
            with pytest.raises(NotPermitted):
                create_service_account(
                    actor=actor_of(person), at=at, name="M", role="viewer", teams=[team]
                )


class TestGiving:
    @pytest.mark.parametrize("role", ["owner", "admin", "security_officer"])
    def test_nobody_gives_more_than_they_hold(
        self, role: str, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        keeper = create_role(
            actor=actor_of(ada), name="Keeper", permissions=["service_account:manage"]
        )
        kim = make_member(ada.organization, "Kim Kept", BuiltInRole.VIEWER)
        change_role(kim, actor=actor_of(ada), at=at, custom_role=keeper)
        kim.refresh_from_db()

        with pytest.raises(NotPermitted):
            create_service_account(actor=actor_of(kim), at=at, name="M", role=role)

    def test_not_even_an_owner_makes_a_machine_an_owner(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            create_service_account(actor=actor_of(ada), at=at, name="M", role="owner")

    @pytest.mark.parametrize("role", [BuiltInRole.VIEWER, BuiltInRole.SECURITY_OFFICER])
    def test_without_the_right_there_is_none(
        self, role: str, account: ServiceAccount, actor_of: ActorOf, at: datetime
    ) -> None:
        other = make_member(account.organization, "Other One", role)
        acts: list[Callable[[Actor], object]] = [
            lambda a: create_service_account(actor=a, at=at, name="M", role="viewer"),
            lambda a: change_service_account(account, actor=a, at=at, version=1, name="N"),
            lambda a: suspend_service_account(account, actor=a, at=at),
            lambda a: reinstate_service_account(account, actor=a),
            lambda a: delete_service_account(account, actor=a, at=at),
        ]
        for act in acts:
            with pytest.raises(NotPermitted):
                act(actor_of(other))

    def test_it_needs_a_step_up(self, max_: Membership, actor_of: ActorOf, at: datetime) -> None:
        with pytest.raises(StepUpNeeded):
            create_service_account(
                actor=actor_of(max_, stepped_up=False), at=at, name="M", role="viewer"
            )

    @pytest.mark.parametrize(
        ("field", "wish"),
        [
            ("name", {"name": " "}),
            ("name", {"name": "n" * 81}),
            ("name", {"name": "a\u202eb"}),
            ("name", {"name": "Nightly"}),
            ("description", {"description": "d" * 301}),
            ("role", {"role": "emperor"}),
            ("address_rule", {"address_rule": "203.0.113.7, everywhere"}),
            ("access_ends_at", {"access_ends_at": clock.now}),
        ],
    )
    def test_a_bad_wish_names_its_field(
        self,
        field: str,
        wish: dict[str, Any],
        account: ServiceAccount,
        max_: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        wish = {key: value() if callable(value) else value for key, value in wish.items()}
        with pytest.raises(Invalid) as raised:
            create_service_account(
                actor=actor_of(max_),
                at=clock.now() + timedelta(seconds=1),
                **{"name": "M", "role": "viewer", **wish},
            )
        assert set(raised.value.errors) == {field}

    def test_a_stale_version_and_a_deleted_account(
        self, account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(StaleVersion):
            change_service_account(account, actor=actor_of(max_), at=at, version=7, name="N")

        delete_service_account(account, actor=actor_of(max_), at=at)
        with pytest.raises(ServiceAccountGone):
            suspend_service_account(account, actor=actor_of(max_), at=at)
        assert create_service_account(actor=actor_of(max_), at=at, name="Nightly", role="editor")

    def test_the_log_says_what_changed(
        self, account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        change_service_account(
            account, actor=actor_of(max_), at=at, version=1, name="Hourly", role="viewer"
        )
        change_service_account(account, actor=actor_of(max_), at=at, version=2, name="Hourly")

        (event,) = Event.objects.filter(name="service_account.changed")
        assert event.target_id == account.pk
        assert "name, role" in str(event.body)


def test_kinds_and_their_holders(
    account: ServiceAccount, max_: Membership, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    wish: dict[str, Any] = {"at": at, "name": "t", "scopes": ["catalog:view"]}
    wish["lasts"] = timedelta(days=1)
    for kind in ("service", "agent"):
        with pytest.raises(Invalid) as raised:
            issue_token(actor=actor_of(max_), kind=kind, **wish)
        assert set(raised.value.errors) == {"service_account"}
        with pytest.raises(NotPermitted):
            issue_token(actor=actor_of(sia), kind=kind, service_account=account, **wish)
    with pytest.raises(Invalid) as raised:
        issue_token(actor=actor_of(max_), service_account=account, **wish)
    assert set(raised.value.errors) == {"kind"}
    with pytest.raises(Invalid) as raised:
        issue(account, actor_of(max_), at, scopes=["catalog:push"])  # an editor does not hold it
    assert set(raised.value.errors) == {"scopes"}
    suspend_service_account(account, actor=actor_of(max_), at=at)
    with pytest.raises(Invalid):
        issue(account, actor_of(max_), at)


def test_an_editor_holds_what_these_tests_count_on() -> None:
    assert set(SCOPES) <= {p.value for p in ROLE_PERMISSIONS[BuiltInRole.EDITOR]}
