"""Roles made here: nobody gives what they lack, raises themselves, or deletes one in use."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StaleVersion, StepUpNeeded
from tenants.access import Actor, stranger
from tenants.actions.guards import LastOwner
from tenants.actions.invitations import accept_invitation, send_invitation
from tenants.actions.members import contain_member
from tenants.actions.roles import RoleHeld, change_role, create_role, delete_role, edit_role
from tenants.models import Membership, Role
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
STEWARD = ["catalog:view", "member:view", "role:manage", "team:view"]
OWNERS = ["member:manage", "organization:manage", "role:manage"]


def made(actor: Actor, *permissions: str, name: str = "Steward") -> Role:
    return create_role(actor=actor, name=name, permissions=permissions or STEWARD)


class TestMaking:
    def test_a_role_is_what_was_chosen_and_is_recorded(
        self, max_: Membership, actor_of: ActorOf
    ) -> None:
        role = made(actor_of(max_))

        assert (role.permissions, role.version) == (STEWARD, 1)
        assert Event.objects.filter(name="role.created").exists()

    def test_needs_a_fresh_proof(self, max_: Membership, actor_of: ActorOf) -> None:
        with pytest.raises(StepUpNeeded):
            made(actor_of(max_, stepped_up=False))

    @pytest.mark.parametrize("beyond", ["organization:manage", "deletion:close_organization"])
    def test_an_admin_puts_nothing_of_the_owners_in(
        self, beyond: str, max_: Membership, ada: Membership, actor_of: ActorOf
    ) -> None:
        with pytest.raises(NotPermitted):
            made(actor_of(max_), "team:view", beyond)
        assert made(actor_of(ada), "team:view", beyond).held()

    @pytest.mark.parametrize("strange", ["grant:request", "console:view", "no:such", "x" * 10_000])
    def test_the_vendors_permissions_and_unknown_ones_do_not_hold(
        self, strange: str, ada: Membership, actor_of: ActorOf
    ) -> None:
        with pytest.raises(Invalid) as refused:
            made(actor_of(ada), "team:view", strange)
        assert "permissions" in refused.value.errors

    @pytest.mark.parametrize("name", ["", " ", "x" * 81, "Owner", "security_officer", "a\x00b"])
    def test_a_name_is_short_and_passes_for_no_other(
        self, name: str, ada: Membership, actor_of: ActorOf
    ) -> None:
        with pytest.raises(Invalid) as refused:
            made(actor_of(ada), name=name)
        assert "name" in refused.value.errors

    def test_a_name_is_there_once_whatever_its_case(
        self, ada: Membership, actor_of: ActorOf
    ) -> None:
        made(actor_of(ada))
        with pytest.raises(Invalid):
            made(actor_of(ada), name="STEWARD")


class TestEditing:
    def test_the_difference_is_recorded_and_counts_at_once(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        actor = actor_of(ada)
        role = made(actor)
        change_role(mia, actor=actor, at=at, custom_role=role)

        edit_role(role, actor=actor, version=1, permissions=["catalog:view", "audit:view"])

        mia.refresh_from_db()
        assert {str(p) for p in actor_of(mia).permissions} == {"catalog:view", "audit:view"}
        event = Event.objects.filter(name="role.changed").get()
        assert event.facts["added"] == "audit:view"
        assert event.facts["removed"] == "member:view, role:manage, team:view"

    def test_an_old_version_is_refused(self, ada: Membership, actor_of: ActorOf) -> None:
        role = made(actor_of(ada))
        edit_role(role, actor=actor_of(ada), version=1, name="Keeper")
        with pytest.raises(StaleVersion):
            edit_role(role, actor=actor_of(ada), version=1, name="Warden")

    def test_a_role_that_may_more_is_left_alone(
        self, ada: Membership, max_: Membership, actor_of: ActorOf
    ) -> None:
        role = made(actor_of(ada), *OWNERS)
        with pytest.raises(NotPermitted):
            edit_role(role, actor=actor_of(max_), version=1, permissions=["role:manage"])
        with pytest.raises(NotPermitted):
            delete_role(role, actor=actor_of(max_))

    def test_nobody_raises_the_role_they_hold(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        role = made(actor_of(ada))
        change_role(mia, actor=actor_of(ada), at=at, custom_role=role)
        mia.refresh_from_db()
        with pytest.raises(NotPermitted):
            edit_role(role, actor=actor_of(mia), version=1, permissions=[*STEWARD, "audit:view"])


class TestGiving:
    def test_an_owners_rights_in_a_role_are_not_handed_on(
        self, ada: Membership, mia: Membership, aud: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        """They hold the permission, and yet are no owner."""
        role = made(actor_of(ada), *OWNERS, "member:invite")
        change_role(mia, actor=actor_of(ada), at=at, custom_role=role)
        mia.refresh_from_db()
        by_mia = actor_of(mia)

        with pytest.raises(NotPermitted):
            change_role(aud, actor=by_mia, at=at, custom_role=role)
        with pytest.raises(NotPermitted):
            send_invitation(actor=by_mia, at=at, email="new@acme.test", custom_role=role)
        with pytest.raises(NotPermitted):
            made(by_mia, "organization:manage", name="Mine")

    def test_the_last_owner_stays_one(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        role = made(actor_of(ada))
        with pytest.raises(LastOwner):
            change_role(ada, actor=actor_of(ada), at=at, custom_role=role)

    def test_an_owner_whose_access_ends_is_none_to_leave_it_to(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        bea = make_member(ada.organization, "Bea Osei", BuiltInRole.OWNER)
        Membership.objects.filter(pk=bea.pk).update(access_ends_at=at + timedelta(days=1))
        with pytest.raises(LastOwner):
            contain_member(ada, actor=actor_of(bea), at=at)

    def test_an_owner_without_an_account_is_none_to_leave_it_to(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        bea = make_member(ada.organization, "Bea Osei", BuiltInRole.OWNER)
        Membership.objects.filter(pk=bea.pk).update(user=None)
        with pytest.raises(LastOwner):
            change_role(ada, actor=actor_of(ada), at=at, role=BuiltInRole.ADMIN)

    def test_an_invitation_brings_the_role_made_here(
        self, ada: Membership, ned: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        role = made(actor_of(ada))
        invited = send_invitation(
            actor=actor_of(ada), at=at, email=ned.user.email, custom_role=role
        )
        with pytest.raises(RoleHeld, match="open invitations: 1"):
            delete_role(role, actor=actor_of(ada))

        came = accept_invitation(
            invited,
            actor=stranger(ada.organization),
            at=at,
            user=ned.user,
            version=invited.version,
        )
        assert came.custom_role == role
        assert came.role == BuiltInRole.VIEWER

    def test_a_role_of_another_organization_is_gone(
        self, ada: Membership, mia: Membership, ned: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with organization_scope(ned.organization_id):
            elsewhere = made(actor_of(ned))
        with pytest.raises(Invalid):
            change_role(mia, actor=actor_of(ada), at=at, custom_role=elsewhere)


class TestDeleting:
    def test_a_held_role_stays_and_says_by_how_many(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        actor = actor_of(ada)
        role = made(actor)
        change_role(mia, actor=actor, at=at, custom_role=role)
        with pytest.raises(RoleHeld, match="people: 1"):
            delete_role(role, actor=actor)

        change_role(mia, actor=actor, at=at, role=BuiltInRole.VIEWER)
        delete_role(role, actor=actor)
        assert not Role.objects.exists()
        assert Event.objects.filter(name="role.deleted").exists()
