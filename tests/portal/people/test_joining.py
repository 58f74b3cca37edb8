"""An invitation is for one address, works once, and lets in only whom it was meant for."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.actions.invited import cancel_invitation, resend_invitation
from tenants.links import Purpose, signed_link
from tenants.models import Entry, Invitation, Membership, Policy

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]
NEW = {"name": "Nia Novak", "password": "violet-anchor-lantern-92"}


@pytest.fixture
def invitation(ada: Membership, actor_of: ActorOf, at: object) -> Invitation:
    return send_invitation(
        actor=actor_of(ada), at=at, email="Nia@Acme.test", role="editor", name="Nia"
    )


def link_to(invitation: Invitation) -> str:
    text = signed_link(
        Purpose.INVITATION,
        organization_id=invitation.organization_id,
        row_id=invitation.pk,
        version=invitation.version,
    )
    return reverse("invitation-accept", args=[text])


class TestSomebodyNew:
    def test_makes_an_account_and_is_led_to_the_second_factor(
        self, invitation: Invitation, client: Client
    ) -> None:
        page = client.get(link_to(invitation))
        answer = client.post(link_to(invitation), NEW)

        assert b"nia@acme.test" in page.content
        assert answer["Location"].startswith(reverse("mfa_activate_totp"))
        member = Membership.objects.get(email="nia@acme.test")
        assert (member.role, member.name, member.source) == ("editor", "Nia Novak", "invitation")
        assert not Entry.objects.filter(membership=member).exists()
        assert client.get("/o/acme/").status_code == 302

    def test_goes_straight_in_where_no_second_factor_is_asked(
        self, invitation: Invitation, client: Client
    ) -> None:
        Policy.objects.update(mfa_required=False)

        answer = client.post(link_to(invitation), NEW, follow=True)

        assert answer.status_code == 200
        assert answer.request["PATH_INFO"] == "/o/acme/"

    @pytest.mark.parametrize("password", ["short", "password1234", "nia@acme.test", ""])
    def test_needs_a_password_that_holds(
        self, password: str, invitation: Invitation, client: Client
    ) -> None:
        answer = client.post(link_to(invitation), {**NEW, "password": password})

        assert answer.status_code == 422
        assert not User.objects.filter(email="nia@acme.test").exists()

    def test_cannot_use_the_link_twice(self, invitation: Invitation, client: Client) -> None:
        client.post(link_to(invitation), NEW)

        assert Client().get(link_to(invitation)).status_code == 409
        assert Client().post(link_to(invitation), NEW).status_code == 409


class TestSomebodyKnown:
    def test_signs_in_first_and_then_joins(
        self, invitation: Invitation, ned: Membership, client_of: ClientOf, client: Client
    ) -> None:
        User.objects.filter(pk=ned.user_id).update(email="nia@acme.test")

        asked = client.get(link_to(invitation))
        joined = client_of(ned).post(link_to(invitation))

        assert b"Sign in" in asked.content
        assert joined["Location"] == reverse("workspace-enter", args=["acme"])
        assert Membership.objects.get(user_id=ned.user_id).role == "editor"

    def test_with_another_address_joins_nothing(
        self, invitation: Invitation, ned: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ned)

        assert b"This invitation is for nia@acme.test" in client.get(link_to(invitation)).content
        client.post(link_to(invitation))

        assert not Membership.objects.filter(user_id=ned.user_id).exists()


class TestALinkThatNoLongerWorks:
    def test_an_expired_one(self, invitation: Invitation, client: Client) -> None:
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        assert client.get(link_to(invitation)).status_code == 409

    def test_a_cancelled_one(
        self,
        invitation: Invitation,
        ada: Membership,
        actor_of: ActorOf,
        at: object,
        client: Client,
    ) -> None:
        cancel_invitation(invitation, actor=actor_of(ada), at=at)

        assert client.get(link_to(invitation)).status_code == 409

    def test_the_old_one_after_sending_again(
        self,
        invitation: Invitation,
        ada: Membership,
        actor_of: ActorOf,
        at: object,
        client: Client,
    ) -> None:
        old = link_to(invitation)
        again = resend_invitation(invitation, actor=actor_of(ada), at=at)

        assert client.get(old).status_code == 409
        assert client.get(link_to(again)).status_code == 200

    def test_a_changed_one(self, invitation: Invitation, client: Client) -> None:
        assert client.get(link_to(invitation)[:-2] + "x/").status_code == 404
        assert client.get("/invitations/nonsense/").status_code == 404


class TestSending:
    def test_nobody_invites_above_themselves(
        self, ada: Membership, max_: Membership, client_of: ClientOf
    ) -> None:
        data = {"email": "boss@acme.test", "name": "", "role": "owner"}

        answer = client_of(max_).post("/o/acme/invitations/new/", data)

        assert answer.status_code == 422
        assert not Invitation.objects.exists()

    def test_a_member_or_an_open_invitation_is_told_beside_the_field(
        self, invitation: Invitation, ada: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        for email in ("ada@acme.test", "NIA@acme.test"):
            data = {"email": email, "name": "", "role": "viewer"}
            answer = client.post("/o/acme/invitations/new/", data)
            assert answer.status_code == 422
            assert "email" in answer.context["form"].errors

    def test_a_foreign_team_is_unknown(
        self, ada: Membership, ned: Membership, client_of: ClientOf
    ) -> None:
        data = {"email": "x@acme.test", "role": "viewer", "teams": [str(ned.pk)]}

        assert client_of(ada).post("/o/acme/invitations/new/", data).status_code == 422
