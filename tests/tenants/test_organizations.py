"""Making an organization, keeping its first owner's place, and changing its policy."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import User
from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid, NotFound, NotPermitted, StaleVersion, StepUpNeeded
from tenants.access import Actor, stranger
from tenants.actions.invitations import (
    InvitationNotOpen,
    accept_invitation,
    send_invitation,
)
from tenants.actions.invited import cancel_invitation, resend_invitation
from tenants.actions.organizations import create_organization
from tenants.actions.policies import change_policy
from tenants.actions.roles import change_role, create_role
from tenants.actions.teams import create_team, set_team_permissions
from tenants.links import Purpose, read_link, signed_link
from tenants.models import Invitation, Membership, Organization, Policy
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
_VIEWER = ROLE_PERMISSIONS[BuiltInRole.VIEWER]
WISH = {
    "name": "Initech",
    "slug": "initech",
    "founder_name": "Bill Lumbergh",
    "founder_email": "Bill@Initech.test",
    "security_contact": "security@initech.test",
}


class TestCreating:
    def test_makes_a_workspace_with_safe_defaults_and_a_place_for_its_owner(
        self, opal: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with organization_scope(opal.organization_id):
            made = create_organization(actor=actor_of(opal), at=at, **WISH)

        with organization_scope(made.pk):
            policy, place = Policy.objects.get(), Invitation.objects.get()
            assert (policy.mfa_required, policy.samples_enabled) == (True, False)
            assert policy.assistant_enabled is False
            assert policy.cooling_off == timedelta(minutes=15)
            assert (place.email, place.role) == ("bill@initech.test", BuiltInRole.OWNER)
            assert place.is_founding
            assert Event.objects.filter(
                organization_id=made.pk, name=EventName.INVITATION_SENT
            ).exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("slug", "No Spaces"),
            ("slug", "ab"),
            ("slug", "api"),
            ("slug", "meridian"),
            ("name", "  "),
            ("founder_email", "bill"),
            ("security_contact", "x@"),
        ],
    )
    def test_a_bad_wish_names_its_field_and_makes_nothing(
        self, opal: Membership, actor_of: ActorOf, at: datetime, field: str, value: str
    ) -> None:
        with organization_scope(opal.organization_id), pytest.raises(Invalid) as refused:
            create_organization(actor=actor_of(opal), at=at, **{**WISH, field: value})

        assert list(refused.value.errors) == [field]
        assert not Organization.objects.filter(slug="initech").exists()

    def test_is_for_operators(self, sam: Membership, actor_of: ActorOf, at: datetime) -> None:
        with organization_scope(sam.organization_id), pytest.raises(NotPermitted):
            create_organization(actor=actor_of(sam), at=at, **WISH)


class TestInviting:
    def test_the_invited_person_becomes_a_member(
        self, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        place = send_invitation(
            actor=actor_of(max_), at=at, email="Zoe@acme.test", role=BuiltInRole.EDITOR
        )
        zoe = User.objects.create_user("zoe@acme.test", PASSWORD, name="Zoe")

        member = accept_invitation(
            place, actor=stranger(max_.organization), at=at, user=zoe, version=1
        )

        assert (member.role, member.status) == (BuiltInRole.EDITOR, Membership.Status.ACTIVE)
        with pytest.raises(InvitationNotOpen):
            accept_invitation(place, actor=stranger(max_.organization), at=at, user=zoe, version=1)

    def test_sending_again_voids_the_old_link(
        self, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        place = send_invitation(
            actor=actor_of(max_), at=at, email="zoe@acme.test", role=BuiltInRole.VIEWER
        )
        zoe = User.objects.create_user("zoe@acme.test", PASSWORD, name="Zoe")
        resend_invitation(place, actor=actor_of(max_), at=at)

        with pytest.raises(InvitationNotOpen):
            accept_invitation(place, actor=stranger(max_.organization), at=at, user=zoe, version=1)

    def test_nobody_sends_again_what_they_could_not_offer(
        self,
        ada: Membership,
        max_: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        """An offer that ran out would be made anew by somebody who may do less."""
        high = send_invitation(
            actor=actor_of(ada), at=at, email="o@acme.test", role=BuiltInRole.OWNER
        )
        team = create_team(actor=actor_of(ada), at=at, name="Keepers")
        set_team_permissions(team, actor=actor_of(ada), version=1, permissions=["policy:manage"])
        wide = send_invitation(
            actor=actor_of(ada), at=at, email="t@acme.test", role=BuiltInRole.VIEWER, teams=[team]
        )
        Invitation.objects.update(expires_at=at)
        inviter = create_role(
            actor=actor_of(ada), name="Inviter", permissions=["member:invite", *_VIEWER]
        )
        change_role(max_, actor=actor_of(ada), at=at, custom_role=inviter)
        max_.refresh_from_db()

        for place in (high, wide):
            with pytest.raises(NotPermitted):
                resend_invitation(place, actor=actor_of(max_), at=at)
            assert not Invitation.objects.get(pk=place.pk).is_open(at=at)
            assert resend_invitation(place, actor=actor_of(ada), at=at).is_open(at=at)

    def test_the_log_tells_of_each_team_that_a_newcomer_came_into(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        team = create_team(actor=actor_of(ada), at=at, name="Finance")
        place = send_invitation(
            actor=actor_of(ada), at=at, email="zoe@acme.test", role="viewer", teams=[team]
        )
        zoe = User.objects.create_user("zoe@acme.test", PASSWORD, name="Zoe")

        member = accept_invitation(
            place, actor=stranger(ada.organization), at=at, user=zoe, version=1
        )

        told = Event.objects.get(name=EventName.TEAM_MEMBER_ADDED)
        assert (told.target_id, told.facts["team"]) == (member.pk, "Finance")

    def test_a_link_is_bound_to_its_address_and_ends_after_seven_days(
        self, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        place = send_invitation(
            actor=actor_of(max_), at=at, email="zoe@acme.test", role=BuiltInRole.VIEWER
        )
        other = User.objects.create_user("other@acme.test", PASSWORD, name="Other")
        zoe = User.objects.create_user("zoe@acme.test", PASSWORD, name="Zoe")
        someone = stranger(max_.organization)

        with pytest.raises(InvitationNotOpen):
            accept_invitation(place, actor=someone, at=at, user=other, version=1)
        with pytest.raises(InvitationNotOpen):
            accept_invitation(place, actor=someone, at=at + timedelta(days=7), user=zoe, version=1)

    def test_a_cancelled_place_is_gone(
        self, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        place = send_invitation(
            actor=actor_of(max_), at=at, email="zoe@acme.test", role=BuiltInRole.VIEWER
        )
        cancel_invitation(place, actor=actor_of(max_), at=at)

        with pytest.raises(InvitationNotOpen):
            resend_invitation(place, actor=actor_of(max_), at=at)
        assert send_invitation(
            actor=actor_of(max_), at=at, email="zoe@acme.test", role=BuiltInRole.VIEWER
        )

    def test_nobody_invites_above_themselves_or_twice(
        self, max_: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            send_invitation(
                actor=actor_of(max_), at=at, email="x@acme.test", role=BuiltInRole.OWNER
            )
        with pytest.raises(Invalid):
            send_invitation(actor=actor_of(max_), at=at, email=mia.email, role=BuiltInRole.VIEWER)
        with pytest.raises(Invalid):
            send_invitation(
                actor=actor_of(max_), at=at, email="x@acme.test", role=BuiltInRole.SUPPORT_LEAD
            )

    @pytest.mark.parametrize("text", ["", "x", "a.b.c:d", "é"])
    def test_a_link_that_is_not_ours_is_unknown(self, text: str) -> None:
        with pytest.raises(NotFound):
            read_link(Purpose.INVITATION, text)

    def test_a_link_says_what_was_signed(self, organization: Organization) -> None:
        text = signed_link(
            Purpose.INVITATION, organization_id=organization.pk, row_id=organization.pk, version=3
        )

        assert read_link(Purpose.INVITATION, text).version == 3


class TestPolicy:
    def test_changes_are_counted_and_recorded(self, ada: Membership, actor_of: ActorOf) -> None:
        policy = Policy.objects.get()

        changed = change_policy(
            policy, actor=actor_of(ada), version=1, session_idle=timedelta(minutes=10)
        )

        assert changed.version == 2
        assert Event.objects.filter(name=EventName.POLICY_CHANGED).count() == 1

    def test_a_stale_page_changes_nothing(self, ada: Membership, actor_of: ActorOf) -> None:
        with pytest.raises(StaleVersion):
            change_policy(Policy.objects.get(), actor=actor_of(ada), version=7, mfa_required=False)

    @pytest.mark.parametrize(
        "change",
        [
            {"session_idle": timedelta(hours=1)},
            {"session_absolute": timedelta(days=2)},
            {"token_max_age": timedelta(days=4000)},
            {"cooling_off": timedelta(hours=3)},
        ],
    )
    def test_neither_beyond_the_limits_nor_locking_its_author_out(
        self, ada: Membership, actor_of: ActorOf, change: dict[str, object]
    ) -> None:
        with pytest.raises(Invalid):
            change_policy(Policy.objects.get(), actor=actor_of(ada), version=1, **change)

        assert Policy.objects.get().version == 1

    def test_needs_a_step_up(self, ada: Membership, actor_of: ActorOf) -> None:
        with pytest.raises(StepUpNeeded):
            change_policy(
                Policy.objects.get(),
                actor=actor_of(ada, stepped_up=False),
                version=1,
                mfa_required=False,
            )

    @pytest.mark.parametrize("role", ["owner", "support_lead", "king"])
    def test_single_sign_on_never_hands_out_the_owners_or_a_strange_role(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, role: str
    ) -> None:
        for member in (ada, max_):
            with pytest.raises(Invalid):
                change_policy(
                    Policy.objects.get(), actor=actor_of(member), version=1, default_role=role
                )

        assert Policy.objects.get().default_role == BuiltInRole.VIEWER

    def test_nobody_lets_single_sign_on_hand_out_more_than_they_hold(
        self, opal: Membership, actor_of: ActorOf
    ) -> None:
        with organization_scope(opal.organization_id), pytest.raises(NotPermitted):
            change_policy(
                Policy.objects.get(), actor=actor_of(opal), version=1, default_role="support_lead"
            )
