"""The policy page: what a change leads to is shown first, and the list of addresses holds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid
from portal.people.foreseen import foresee_policy
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.actions.policies import change_policy
from tenants.actions.tokens import issue_token
from tenants.models import ApiToken, Entry, Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.portal.rest.conftest import Caller, caller_of, fresh_limits, problem  # noqa: F401

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
PAGE = "/o/acme/settings/change/"


def near(client: Client, address: str) -> Client:
    """The same browser, at this address from now on."""
    client.defaults["REMOTE_ADDR"] = address
    return client


def listed(rule: str = "203.0.113.0/24, 127.0.0.1") -> None:
    Policy.objects.update(address_rule=rule)


def values(**changes: Any) -> dict[str, Any]:
    """What the form holds before anything is changed."""
    return {
        "session_idle": 30,
        "session_absolute": 12,
        "token_max_age": 90,
        "cooling_off": 15,
        "approval_quorum": 1,
        "stale_after": 90,
        "address_rule": "",
        "invitation_domains": "",
        "version": Policy.objects.get().version,
        **changes,
    }


class TestWhoIsLetIn:
    def test_a_page_opens_from_the_list_alone(
        self, ada: Membership, client_of: ClientOf, organization: Organization
    ) -> None:
        inside, outside = near(client_of(ada), HERE), near(client_of(ada), ELSEWHERE)
        listed()

        assert inside.get("/o/acme/").status_code == 200
        answer = outside.get("/o/acme/members/")

        assert answer.status_code == 403
        text = answer.content.decode()
        assert f"You come from {ELSEWHERE}" in text
        assert "203.0.113" not in text
        assert ada.name not in text

    def test_an_address_counts_in_its_ipv6_form(self, ada: Membership, client_of: ClientOf) -> None:
        listed()

        assert near(client_of(ada), f"::ffff:{HERE}").get("/o/acme/").status_code == 200

    def test_an_outsider_learns_nothing_of_the_list(
        self, ned: Membership, organization: Organization, client_of: ClientOf
    ) -> None:
        listed()

        assert near(client_of(ned), ELSEWHERE).get("/o/acme/").status_code == 404

    def test_a_member_who_is_not_let_in_yet_is_told_before_signing_in(
        self, ada: Membership, client_of: ClientOf
    ) -> None:
        client = near(client_of(ada), ELSEWHERE)
        Entry.objects.update(ended_at=Entry.objects.first().authenticated_at)
        listed()

        assert client.get("/o/acme/").status_code == 403

    def test_the_list_of_another_organization_has_no_effect_here(
        self, ada: Membership, ned: Membership, client_of: ClientOf
    ) -> None:
        with organization_scope(ned.organization_id):
            listed("192.0.2.1")

        assert near(client_of(ada), ELSEWHERE).get("/o/acme/").status_code == 200

    def test_a_break_glass_code_opens_from_everywhere(
        self, ada: Membership, client_of: ClientOf
    ) -> None:
        client = near(client_of(ada), ELSEWHERE)
        Entry.objects.update(method=Entry.Method.BREAK_GLASS)
        listed()

        assert client.get("/o/acme/").status_code == 200

    def test_a_token_works_from_the_list_alone(
        self,
        ada: Membership,
        caller_of: Callable[..., Caller],  # noqa: F811
        client: Client,
    ) -> None:
        head = {"Authorization": f"Bearer {caller_of(ada).text}"}
        listed()

        inside = client.get("/api/v1/me", headers=head, REMOTE_ADDR=HERE)
        outside = client.get("/api/v1/me", headers=head, REMOTE_ADDR=ELSEWHERE)

        assert inside.status_code == 200
        assert outside.status_code == 401
        assert "addresses that its admins allow" in outside.json()["detail"]


class TestTheList:
    def test_its_author_stays_in(
        self, ada: Membership, actor_of: ActorOf, organization: Organization
    ) -> None:
        policy = Policy.objects.get()

        with pytest.raises(Invalid) as refused:
            change_policy(
                policy, actor=actor_of(ada), version=policy.version, address_rule="192.0.2.0/24"
            )

        assert "address_rule" in refused.value.errors
        assert Policy.objects.get().address_rule == ""

    def test_it_is_kept_in_one_form_and_logged(self, ada: Membership, client_of: ClientOf) -> None:
        client = near(client_of(ada), HERE)
        given = values(address_rule=f"{HERE}/24\r\n{HERE}/24\r\n2001:DB8::1")

        _confirmed(client, given)

        assert Policy.objects.get().address_rule == "203.0.113.0/24, 2001:db8::1"
        event = Event.objects.filter(name=EventName.POLICY_CHANGED).latest("id")
        assert "address_rule" in str(event.body)

    @pytest.mark.parametrize(
        "wrong", ["office", "10.0.0.0/40", "<b>", "9" * 9_000, "\u202e1.1.1.1"]
    )
    def test_what_is_no_address_is_named(
        self, ada: Membership, client_of: ClientOf, wrong: str
    ) -> None:
        answer = near(client_of(ada), HERE).post(PAGE, values(address_rule=wrong))

        assert answer.status_code == 422
        assert "is no address or network" in answer.content.decode()
        assert Policy.objects.get().address_rule == ""

    @pytest.mark.parametrize("wrong", ["localhost", "a b@c", "<script>.com", "x" * 300 + ".com"])
    def test_what_is_no_domain_is_named(
        self, ada: Membership, client_of: ClientOf, wrong: str
    ) -> None:
        answer = client_of(ada).post(PAGE, values(invitation_domains=wrong))

        assert answer.status_code == 422
        assert "is no domain" in answer.content.decode()


def _confirmed(client: Client, given: dict[str, Any]) -> None:
    shown = client.post(PAGE, given)
    assert shown.status_code == 200, shown.content.decode()[:3000]
    done = client.post(PAGE, {**given, "effect": shown.context["foreseen"].digest})
    assert done.status_code == 302


class TestThePreview:
    def test_nothing_happens_before_it_is_confirmed(
        self, ada: Membership, client_of: ClientOf
    ) -> None:
        shown = client_of(ada).post(PAGE, values(stale_after=30))

        assert shown.status_code == 200
        assert "Nothing has happened yet" in shown.content.decode()
        assert "30, before: 90" in shown.content.decode()
        assert Policy.objects.get().stale_after == timedelta(days=90)

    def test_another_effect_is_shown_again(
        self, ada: Membership, max_: Membership, client_of: ClientOf
    ) -> None:
        client = near(client_of(ada), HERE)
        given = values(address_rule=HERE)
        shown = client.post(PAGE, given)
        near(client_of(max_), HERE)
        Entry.objects.filter(membership=max_).update(address=ELSEWHERE)

        again = client.post(PAGE, {**given, "effect": shown.context["foreseen"].digest})

        assert again.status_code == 409
        assert str(max_) in again.content.decode()
        assert Policy.objects.get().address_rule == ""

    def test_whom_it_names_is_refused_afterwards_and_nobody_else(
        self, ada: Membership, max_: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        clients = {ada: near(client_of(ada), HERE)}
        clients |= {max_: near(client_of(max_), ELSEWHERE)}
        clients |= {mia: near(client_of(mia), HERE)}
        for member, address in ((ada, HERE), (max_, ELSEWHERE), (mia, HERE)):
            Entry.objects.filter(membership=member).update(address=address)
        given = values(address_rule=HERE)
        shown = clients[ada].post(PAGE, given).context["foreseen"]

        clients[ada].post(PAGE, {**given, "effect": shown.digest})

        named = {name for each in shown.consequences for name in each.names}
        refused = {str(m) for m, c in clients.items() if c.get("/o/acme/").status_code != 200}
        assert named == refused == {str(max_)}

    def test_shorter_sessions_name_who_must_sign_in_again(
        self,
        ada: Membership,
        max_: Membership,
        client_of: ClientOf,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        old, fresh = client_of(max_), client_of(ada)
        past = Entry.objects.get(membership=max_).authenticated_at - timedelta(hours=2)
        Entry.objects.filter(membership=max_).update(authenticated_at=past)
        policy = Policy.objects.get()

        def change() -> Policy:
            return change_policy(
                policy,
                actor=actor_of(ada),
                version=policy.version,
                session_absolute=timedelta(hours=1),
            )

        shown = foresee_policy(change, actor=actor_of(ada), at=at)
        change()

        assert [each.names for each in shown.consequences] == [(str(max_),)]
        assert old.get("/o/acme/").status_code == 302
        assert fresh.get("/o/acme/").status_code == 200

    def test_tokens_and_invitations_that_are_out_are_told(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        actor = actor_of(ada)
        issue_token(
            actor=actor, at=at, name="Nightly", scopes=["member:view"], lasts=timedelta(days=80)
        )
        send_invitation(actor=actor, at=at, email="guest@away.test", role="viewer")
        policy = Policy.objects.get()

        shown = foresee_policy(
            lambda: change_policy(
                policy,
                actor=actor,
                version=policy.version,
                token_max_age=timedelta(days=30),
                invitation_domains=["Acme.test", "acme.test"],
                approval_quorum=5,
            ),
            actor=actor,
            at=at,
        )

        told = " ".join(each.words + " ".join(each.names) for each in shown.consequences)
        assert "Nightly" in told
        assert "guest@away.test" in told
        assert "5 are needed" in told
        assert ApiToken.objects.usable(at=at).count() == 1
        assert Policy.objects.get().version == policy.version

    def test_two_authors_do_not_overwrite_each_other(
        self, ada: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        given = values(stale_after=30)
        shown = client.post(PAGE, given)
        Policy.objects.update(version=99)

        client.post(PAGE, {**given, "effect": shown.context["foreseen"].digest})

        assert Policy.objects.get().stale_after == timedelta(days=90)

    def test_a_viewer_neither_changes_nor_previews(
        self, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        assert client_of(mia).post(PAGE, values(stale_after=30)).status_code == 403


class TestTheApi:
    @pytest.fixture
    def caller(
        self,
        ada: Membership,
        client_of: ClientOf,
        caller_of: Callable[..., Caller],  # noqa: F811
    ) -> Caller:
        client_of(ada)
        return caller_of(ada)

    def test_it_previews_and_changes_nothing(self, caller: Caller) -> None:
        answer = caller.post("policy/preview", {"approval_quorum": 5})

        assert answer.status_code == 200, answer.json()
        assert answer.json()["changed"] == ["approval_quorum"]
        assert answer.json()["consequences"][0]["is_grave"] is True
        assert Policy.objects.get().approval_quorum == 1

    def test_it_changes_the_list(self, caller: Caller) -> None:
        answer = caller.patch(
            "policy",
            {"address_rule": "127.0.0.1/32 10.0.0.0/8", "invitation_domains": ["Acme.test"]},
            If_Match=f'"{Policy.objects.get().version}"',
        )

        assert answer.status_code == 200, answer.json()
        assert answer.json()["address_rule"] == "127.0.0.1, 10.0.0.0/8"
        assert answer.json()["invitation_domains"] == ["acme.test"]

    def test_it_does_not_lock_its_author_out(self, caller: Caller) -> None:
        answer = caller.patch(
            "policy",
            {"address_rule": "192.0.2.1"},
            If_Match=f'"{Policy.objects.get().version}"',
        )

        assert "#/address_rule" in str(problem(answer, 422)["errors"])

    def test_an_unknown_value_is_refused(self, caller: Caller) -> None:
        assert caller.post("policy/preview", {"adress_rule": ""}).status_code == 422
