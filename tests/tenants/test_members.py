"""A membership's life, and the owner that every organization keeps."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from audit.models import Event
from audit.names import EventName
from audit.refusals import NotPermitted, StepUpNeeded
from tenants.access import Actor
from tenants.actions.guards import LastOwner
from tenants.actions.invitations import send_invitation
from tenants.actions.members import (
    AlreadyMember,
    MemberNotActive,
    MemberNotContained,
    admit_member,
    contain_member,
    reinstate_member,
    revoke_member,
)
from tenants.actions.roles import change_role
from tenants.actions.tokens import issue_token
from tenants.models import Entry, Invitation, Membership, Organization
from tenants.permissions import BuiltInRole, Permission
from tests.cast import make_member

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]


def names(organization: Organization) -> list[str]:
    events = Event.objects.filter(organization_id=organization.pk).order_by("id")
    return list(events.values_list("name", flat=True))


class TestContaining:
    def test_ends_entries_and_leaves_an_event(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, client_of: object, at: datetime
    ) -> None:
        client_of(mia)  # type: ignore[operator]

        contained = contain_member(mia, actor=actor_of(ada), at=at)

        assert contained.status == Membership.Status.SUSPENDED
        assert contained.contained_at == at
        assert not contained.is_active(at=at)
        assert not Entry.objects.open().filter(membership=mia).exists()
        assert names(mia.organization)[-1] == EventName.MEMBER_CONTAINED

    def test_takes_the_invitations_they_sent_along(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        sent = send_invitation(actor=actor_of(max_), at=at, email="friend@away.test", role="admin")

        contain_member(max_, actor=actor_of(ada), at=at)

        assert not Invitation.objects.get(pk=sent.pk).is_open(at=at)

    def test_needs_the_permission_and_records_the_attempt(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            contain_member(ada, actor=actor_of(mia), at=at)

        assert Membership.objects.get(pk=ada.pk).status == Membership.Status.ACTIVE
        assert names(mia.organization)[-1] == EventName.ACTION_REFUSED

    def test_keeps_the_last_owner(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(LastOwner):
            contain_member(ada, actor=actor_of(ada), at=at)

    def test_an_admin_cannot_end_an_owner(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        make_member(ada.organization, "Bea Osei", BuiltInRole.OWNER)

        with pytest.raises(NotPermitted):
            contain_member(ada, actor=actor_of(max_), at=at)

    def test_twice_is_refused(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        contain_member(mia, actor=actor_of(ada), at=at)

        with pytest.raises(MemberNotActive):
            contain_member(mia, actor=actor_of(ada), at=at)


class TestTheEnd:
    def test_is_final_only_after_containment(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(MemberNotContained):
            revoke_member(mia, actor=actor_of(ada), at=at)
        contain_member(mia, actor=actor_of(ada), at=at)

        revoked = revoke_member(mia, actor=actor_of(ada), at=at)

        assert revoked.status == Membership.Status.REVOKED
        with pytest.raises(MemberNotContained):
            reinstate_member(mia, actor=actor_of(ada), at=at)

    def test_reinstating_gives_the_least_role_and_no_old_token(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        token, _ = issue_token(
            actor=actor_of(max_), at=at, name="ci", scopes=["member:view"], lasts=timedelta(days=1)
        )
        contain_member(max_, actor=actor_of(ada), at=at)

        back = reinstate_member(max_, actor=actor_of(ada), at=at)

        token.refresh_from_db()
        assert (back.status, back.role) == (Membership.Status.ACTIVE, BuiltInRole.VIEWER)
        assert token.revoked_at == at

    def test_a_revoked_person_comes_back_as_a_new_member(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        user = max_.user
        contain_member(max_, actor=actor_of(ada), at=at)
        revoke_member(max_, actor=actor_of(ada), at=at)

        again = admit_member(
            actor=actor_of(ada),
            at=at,
            user=user,
            name=max_.name,
            email=max_.email,
            role=BuiltInRole.VIEWER,
            source=Membership.Source.INVITATION,
        )

        assert again.pk != max_.pk
        assert Membership.objects.get(pk=max_.pk).name == "Max Lindqvist"

    def test_nobody_is_a_member_twice(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(AlreadyMember):
            admit_member(
                actor=actor_of(ada),
                at=at,
                user=mia.user,
                name=mia.name,
                email=mia.email,
                role=BuiltInRole.VIEWER,
                source=Membership.Source.INVITATION,
            )


class TestChangingRoles:
    def test_nobody_raises_themselves(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            change_role(max_, actor=actor_of(max_), at=at, role=BuiltInRole.OWNER)

        assert Membership.objects.get(pk=max_.pk).role == BuiltInRole.ADMIN

    def test_nobody_gives_what_they_lack(
        self, ada: Membership, max_: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            change_role(mia, actor=actor_of(max_), at=at, role=BuiltInRole.OWNER)

    def test_a_change_of_owners_needs_a_step_up(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(StepUpNeeded):
            change_role(max_, actor=actor_of(ada, stepped_up=False), at=at, role=BuiltInRole.OWNER)

        changed = change_role(max_, actor=actor_of(ada), at=at, role=BuiltInRole.OWNER)

        assert changed.role_permissions() >= {Permission.DELETION_CLOSE_ORGANIZATION}

    def test_the_last_owner_cannot_step_down(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(LastOwner):
            change_role(ada, actor=actor_of(ada), at=at, role=BuiltInRole.ADMIN)


def test_access_ends_at_its_instant_without_any_worker(mia: Membership, at: datetime) -> None:
    mia.access_ends_at = at

    assert mia.is_active(at=at - timedelta(microseconds=1))
    assert not mia.is_active(at=at)
