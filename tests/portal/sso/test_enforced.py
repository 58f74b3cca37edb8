"""Where single sign-on is the only way in: passwords, mails, invitations, tokens, the way back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid
from portal.sso.actions import ConnectionStateWrong, disable_connection
from portal.sso.actions.emergency import DoorNeeded, withdraw_door
from portal.sso.actions.enforcement import (
    confirm_enforcement,
)
from portal.sso.models import Connection, SealedDoor
from tenants.access import Actor, system_actor
from tenants.actions.invitations import send_invitation
from tenants.actions.policies import change_policy
from tenants.actions.tokens import issue_token
from tenants.links import Purpose, signed_link
from tenants.models import ApiToken, Entry, Membership, Organization, Policy, ServiceAccount
from tenants.resolving import actor_for_member
from tests.cast import FACTS, PASSWORD, make_machine, open_session
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.emergencies import enforce, knock, recovery_codes_of, seal
from tests.portal.sso.passwords import SECRET, code_of
from tests.racing import race

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]
HERE = "/o/acme/sso/policy/"


class TestInForce:
    @pytest.fixture
    def enforced(self, ready: Idp, ada: Membership, actor_of: ActorOf) -> Idp:
        enforce(actor_of(ada))
        Policy.objects.update(sso_confirmed_at=timezone.now())
        return ready

    def test_a_password_is_refused_after_it_was_checked_and_names_the_way(
        self, enforced: Idp, ada: Membership, client: Client
    ) -> None:
        client.post("/sign-in/password/", {"login": "ada@acme.test", "password": PASSWORD})
        answer = client.post("/sign-in/code/", {"code": code_of(SECRET)})

        assert answer.status_code == 403
        assert b"Single sign-on only" in answer.content
        assert b"Our IdP" in answer.content
        assert "_auth_user_id" not in client.session
        assert not Entry.objects.exists()

    def test_somebody_of_two_workspaces_still_comes_into_the_other(
        self, ada_twice: Membership, enforced: Idp, client: Client
    ) -> None:
        client.post("/sign-in/password/", {"login": "ada@acme.test", "password": PASSWORD})
        client.post("/sign-in/code/", {"code": code_of(SECRET)})

        assert client.get("/o/globex/").status_code == 200
        assert client.get("/o/acme/").status_code == 302

    def test_no_password_is_reset_by_mail_but_the_mail_says_where_to_go(
        self, enforced: Idp, mia: Membership, client: Client, sending: Any
    ) -> None:
        with sending():
            answer = client.post("/password/forgotten/", {"email": "mia@acme.test"})

        assert answer.status_code == 302
        [letter] = mail.outbox
        assert "single sign-on" in letter.body
        assert "/password/reset/" not in letter.body

    def test_a_break_glass_owner_may_still_set_a_password(
        self, enforced: Idp, ada: Membership, client: Client, sending: Any
    ) -> None:
        """Symptom: a sealed code whose owner forgot the password is no door."""
        with sending():
            client.post("/password/forgotten/", {"email": "ada@acme.test"})

        assert "/password/reset/" in mail.outbox[0].body

    def test_an_invitation_is_accepted_by_single_sign_on_alone(
        self,
        enforced: Idp,
        ada: Membership,
        actor_of: ActorOf,
        client: Client,
        browser: Browser,
    ) -> None:
        place = send_invitation(
            actor=actor_of(ada), at=timezone.now(), email="erin@acme.test", role="editor"
        )
        link = signed_link(
            Purpose.INVITATION,
            organization_id=place.organization_id,
            row_id=place.pk,
            version=place.version,
        )

        shown = client.get(f"/invitations/{link}/")
        tried = client.post(
            f"/invitations/{link}/", {"name": "Erin", "password": "quite-a-long-one-here"}
        )
        assert b"single sign-on" in shown.content
        assert b'name="password"' not in shown.content
        assert tried.status_code == 403
        assert not Membership.objects.filter(email="erin@acme.test").exists()
        browser.sign_in(enforced)
        assert Membership.objects.get(email="erin@acme.test").role == "editor"

    def test_the_last_way_in_can_neither_be_forbidden_nor_disabled(
        self, enforced: Idp, ada: Membership, actor_of: ActorOf
    ) -> None:
        policy = Policy.objects.get()
        with pytest.raises(Invalid, match="nobody"):
            change_policy(
                policy,
                actor=system_actor(ada.organization),
                version=policy.version,
                saml_allowed=False,
            )
        with pytest.raises(ConnectionStateWrong, match="last way in"):
            disable_connection(enforced.connection, actor=actor_of(ada), at=timezone.now())

    def test_two_sealed_codes_remain(
        self, enforced: Idp, ada: Membership, actor_of: ActorOf
    ) -> None:
        with pytest.raises(DoorNeeded):
            withdraw_door(SealedDoor.objects.first(), actor=actor_of(ada), at=timezone.now())


class TestTokens:
    def call(self, client: Client, text: str) -> Any:
        return client.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"})

    def token(self, actor: Actor, kind: str, machine: ServiceAccount | None = None) -> str:
        made = issue_token(
            actor=actor,
            at=timezone.now(),
            name=kind,
            scopes=["catalog:view"],
            lasts=timedelta(days=1),
            kind=kind,
            service_account=machine,
        )
        return made[1]

    def test_a_personal_one_needs_a_single_sign_on_of_the_last_day(
        self, ready: Idp, ada: Membership, actor_of: ActorOf, client: Client
    ) -> None:
        text = self.token(actor_of(ada), ApiToken.Kind.PERSONAL)
        assert self.call(client, text).status_code == 200

        enforce(actor_of(ada))
        refused = self.call(client, text)
        assert refused.status_code == 401
        assert "single sign-on" in refused.json()["detail"]

        entry = open_session(Client(), ada, method=Entry.Method.SAML)
        Entry.objects.filter(pk=entry.pk).update(connection_id=ready.connection.pk)
        assert self.call(client, text).status_code == 200
        Entry.objects.filter(pk=entry.pk).update(
            # A second past the limit: the database's clock and this machine's are not one.
            authenticated_at=timezone.now() - timedelta(hours=24, seconds=1)
        )
        assert self.call(client, text).status_code == 401

    @pytest.mark.parametrize("kind", [ApiToken.Kind.SERVICE, ApiToken.Kind.AGENT])
    def test_machines_are_exempt_and_listed(
        self,
        kind: str,
        ready: Idp,
        ada: Membership,
        actor_of: ActorOf,
        client_of: ClientOf,
        client: Client,
    ) -> None:
        text = self.token(actor_of(ada), kind, make_machine(ada, role="viewer"))
        enforce(actor_of(ada))

        assert self.call(client, text).status_code == 200
        assert f"<bdi>{kind}</bdi>".encode() in client_of(ada, method="saml").get(HERE).content


def test_locked_out_on_purpose_and_back_by_break_glass(
    acme_idp: Idp,
    ada_with_code: Membership,
    olga: Membership,
    client_of: ClientOf,
    new_browser: Callable[[], Browser],
    actor_of: ActorOf,
) -> None:
    """Enforce, confirm, lose the identity provider, come back, let passwords in again."""
    ada, first, second = ada_with_code, client_of(ada_with_code), client_of(olga)
    code = seal(first, first, ada)
    seal(first, second, olga)
    first.post(f"{HERE}enforce/")
    elsewhere = new_browser()
    elsewhere.sign_in(acme_idp, email="ada@acme.test", subject="ada-1", name="Ada Okafor")
    elsewhere.post("/sign-in/code/", {"code": code_of(SECRET)})
    assert Policy.objects.get().sso_confirmed_at is not None
    assert first.get(HERE).status_code == 302

    dead = acme_idp.connection  # its signing key is gone: nothing it sends is accepted
    Connection.objects.filter(pk=dead.pk).update(idp_entity_id="https://gone.test/")
    locked = Browser()
    assert locked.sign_in(acme_idp, email="ada@acme.test", subject="ada-1").status_code == 403

    back = Client()
    answer = knock(back, ada, code, factor=recovery_codes_of(ada)[0])
    assert answer.status_code == 302
    assert back.get(HERE).status_code == 200
    back.post(f"{HERE}lift/")

    assert not Policy.objects.get().enforces_sso(at=timezone.now())
    names = set(Event.objects.values_list("name", flat=True))
    assert {
        EventName.SSO_ENFORCEMENT_STARTED,
        EventName.SSO_ENFORCEMENT_CONFIRMED,
        EventName.BREAK_GLASS_OPENED,
        EventName.SSO_ENFORCEMENT_LIFTED,
    } <= names


@pytest.mark.django_db(transaction=True)
def test_many_admins_at_once_confirm_once(
    ready: Idp, ada: Membership, actor_of: ActorOf, organization: Organization
) -> None:
    enforce(actor_of(ada))
    at = timezone.now()
    actor = actor_for_member(ada, facts=FACTS)

    results = race(
        [lambda: confirm_enforcement(actor=actor, at=at) for _ in range(8)],
        organization_id=organization.pk,
    )

    assert results.count(True) == 1, results
    assert results.count(False) == 7, results
    assert Event.objects.filter(name=EventName.SSO_ENFORCEMENT_CONFIRMED).count() == 1
