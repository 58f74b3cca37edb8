"""The sign-in policy: previewed, changed, and rehearsed against the last 30 days."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.refusals import Invalid
from portal.sso.census import take_census
from portal.sso.effects import effect_of
from portal.sso.models import ClosedIdentity, Domain
from portal.sso.refusals import Reason
from portal.sso.rehearsal import NEVER_USED, NO_CONNECTION, Outcome, rehearse
from portal.sso.rules import subject_digest
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.actions.policies import change_policy
from tenants.actions.teams import create_team
from tenants.models import DefaultTeam, Entry, Membership, Organization, Policy, Team, TeamMember
from tenants.permissions import BuiltInRole
from tests.cast import open_session
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.passwords import give_second_factor

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]
HERE = "/o/acme/sso/policy/"


def form(**changes: Any) -> dict[str, Any]:
    """The form as it stands in a new workspace, but for `changes`; None leaves a box empty."""
    values: dict[str, Any] = {
        "saml_allowed": "on",
        "google_allowed": "on",
        "microsoft_allowed": "on",
        "oidc_allowed": "on",
        "mfa_required": "on",
        "just_in_time": "domains",
        "default_role": "viewer",
        "version": 1,
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def link(member: Membership, idp: Idp, subject: str = "") -> str:
    """As after a first single sign-on."""
    uid = subject or f"{member.email}-0001"
    SocialAccount.objects.create(
        user=member.user, provider=idp.connection.provider_id, uid=uid, extra_data={}
    )
    return uid


class TestPage:
    def test_shows_who_uses_which_way(
        self, acme_idp: Idp, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        open_session(Client(), mia, method=Entry.Method.SAML)

        shown = client_of(ada).get(HERE)

        people = {way.method: way.people for way in shown.context["ways"]}
        assert people == {"password": 1, "saml": 1, "google": 0, "microsoft": 0, "oidc": 0}

    def test_is_read_by_auditors_and_changed_by_admins(
        self, ada: Membership, aud: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        assert client_of(aud).get(HERE).status_code == 200
        assert client_of(aud).post(f"{HERE}change/", form()).status_code == 403
        assert client_of(mia).get(HERE).status_code == 403

    def test_change_asks_for_a_step_up(self, ada: Membership, client_of: ClientOf) -> None:
        answer = client_of(ada, stepped_up=False).get(f"{HERE}change/")

        assert answer["Location"].startswith("/o/acme/step-up/")


class TestChanging:
    def test_nothing_is_in_force_before_the_preview_was_confirmed(
        self, acme_idp: Idp, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        link(mia, acme_idp)
        User.objects.filter(pk=mia.user_id).update(password="!")
        client, wish = client_of(ada), form(saml_allowed=None)

        preview = client.post(f"{HERE}change/", wish)
        assert preview.context["effect"].locked_out == [mia]
        assert b"Mia Castellan" in preview.content
        assert Policy.objects.get().saml_allowed

        client.post(f"{HERE}change/", {**wish, "confirmed": "1"})
        assert not Policy.objects.get().saml_allowed

    def test_a_way_turned_off_ends_its_entries_at_the_next_request(
        self, acme_idp: Idp, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        visitor = client_of(mia, method=Entry.Method.SAML)
        assert visitor.get("/o/acme/catalog/").status_code == 200

        client_of(ada).post(f"{HERE}change/", {**form(saml_allowed=None), "confirmed": "1"})

        assert visitor.get("/o/acme/catalog/").status_code == 302

    def test_its_author_is_not_locked_out(
        self, ada: Membership, actor_of: ActorOf, client_of: ClientOf
    ) -> None:
        client = client_of(ada, method=Entry.Method.SAML)

        answer = client.post(f"{HERE}change/", {**form(saml_allowed=None), "confirmed": "1"})

        assert answer.status_code == 422
        assert b"lock you out" in answer.content or b"no longer accepts" in answer.content
        assert Policy.objects.get().saml_allowed

    def test_a_missing_second_factor_is_not_a_locked_door(
        self, ada: Membership, mia: Membership, at: Any
    ) -> None:
        give_second_factor(ada)
        before = Policy.objects.get()
        before.mfa_required, after = False, Policy.objects.get()

        effect = effect_of(before, after, take_census(at=at), at=at)

        assert (effect.locked_out, effect.need_second_factor) == ([], [mia])

    def test_a_bad_form_is_422_and_a_stale_one_changes_nothing(
        self, ada: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)

        for wrong in (
            {"default_role": "owner"},
            {"default_role": "king"},
            {"just_in_time": "yes"},
            {"default_teams": "01900000-0000-7000-8000-000000000000"},
            {"default_teams": "x"},
            {"version": "x"},
        ):
            answer = client.post(f"{HERE}change/", {**form(**wrong), "confirmed": "1"})
            assert answer.status_code == 422, wrong
        client.post(f"{HERE}change/", {**form(mfa_required=None, version=7), "confirmed": "1"})
        assert Policy.objects.get().mfa_required


class TestNewcomers:
    def test_join_the_default_teams_at_their_first_single_sign_on(
        self,
        acme_idp: Idp,
        ada: Membership,
        client_of: ClientOf,
        actor_of: ActorOf,
        browser: Browser,
        at: Any,
    ) -> None:
        team = create_team(actor=actor_of(ada), at=at, name="Everybody")
        wish = {**form(default_teams=str(team.pk), default_role="editor"), "confirmed": "1"}
        client_of(ada).post(f"{HERE}change/", wish)
        assert DefaultTeam.objects.get().team == team

        browser.sign_in(acme_idp)

        erin = Membership.objects.get(email="erin@acme.test")
        assert erin.role == BuiltInRole.EDITOR
        assert TeamMember.objects.get(membership=erin).team == team

    def test_come_as_their_invitation_says_even_where_nobody_comes_unasked(
        self, acme_idp: Idp, ada: Membership, actor_of: ActorOf, browser: Browser, at: Any
    ) -> None:
        Policy.objects.update(just_in_time=False)
        invitation = send_invitation(
            actor=actor_of(ada), at=at, email="erin@acme.test", role=BuiltInRole.EDITOR
        )

        browser.sign_in(acme_idp)

        invitation.refresh_from_db()
        assert Membership.objects.get(email="erin@acme.test").role == BuiltInRole.EDITOR
        assert invitation.accepted_at is not None

    def test_nobody_becomes_an_owner_by_single_sign_on(
        self, acme_idp: Idp, ada: Membership, actor_of: ActorOf, browser: Browser, at: Any
    ) -> None:
        send_invitation(actor=actor_of(ada), at=at, email="erin@acme.test", role="owner")

        browser.sign_in(acme_idp)

        assert Membership.objects.get(email="erin@acme.test").role == BuiltInRole.VIEWER

    def test_a_team_with_more_rights_than_its_author_is_not_handed_out(
        self, max_: Membership, actor_of: ActorOf, at: Any
    ) -> None:
        team = create_team(actor=actor_of(max_), at=at, name="Closers")
        Team.objects.filter(pk=team.pk).update(permissions=["organization:manage"])

        with pytest.raises(Exception, match="more than yours"):
            change_policy(
                Policy.objects.get(), actor=actor_of(max_), version=1, default_teams=[team.pk]
            )
        with pytest.raises(Invalid):
            change_policy(
                Policy.objects.get(), actor=actor_of(max_), version=1, default_teams=[max_.pk]
            )
        assert not DefaultTeam.objects.exists()


class TestRehearsal:
    def test_says_who_would_fail_and_why(
        self,
        acme_idp: Idp,
        ada: Membership,
        max_: Membership,
        mia: Membership,
        sia: Membership,
        aud: Membership,
        at: Any,
    ) -> None:
        for member in (ada, max_, mia, sia):
            open_session(Client(), member)
        give_second_factor(max_)
        link(ada, acme_idp)
        Membership.objects.filter(pk=mia.pk).update(email="mia@elsewhere.test")
        cut = link(sia, acme_idp)
        ClosedIdentity.objects.create(
            connection=acme_idp.connection,
            membership=sia,
            subject_digest=subject_digest(acme_idp.connection.provider_id, cut),
            closed_at=at,
        )
        Membership.objects.filter(pk=sia.pk).update(status="suspended", contained_at=at)

        rehearsal = rehearse(Policy.objects.get(), take_census(at=timezone.now()))

        found = {row.member.name: (row.outcome, str(row.why)) for row in rehearsal.rows}
        assert found["Ada Okafor"] == (Outcome.PASSES, "")
        assert found["Max Lindqvist"] == (Outcome.FAILS, str(NEVER_USED))
        assert found["Mia Castellan"][1] == "The domain of their address is not proven."
        assert "ended" in found["Sia Fernandes"][1]
        assert found["Aud Bergman"][0] == Outcome.ABSENT
        assert rehearsal.count(Outcome.FAILS) == 3

    def test_without_a_connection_in_use_everybody_fails(
        self, acme_idp: Idp, ada: Membership
    ) -> None:
        link(ada, acme_idp)
        open_session(Client(), ada)
        policy = Policy.objects.get()
        policy.saml_allowed = False

        rehearsal = rehearse(policy, take_census(at=timezone.now()))

        assert [str(row.why) for row in rehearsal.rows] == [str(NO_CONNECTION)]

    def test_agrees_with_the_real_door(
        self, acme_idp: Idp, ada: Membership, browser: Browser
    ) -> None:
        """Symptom: a rehearsal that says yes to somebody whom the sign-in turns away."""
        first = browser.sign_in(acme_idp)
        assert first.status_code == 302
        Domain.objects.update(verified_at=None)

        rehearsal = rehearse(Policy.objects.get(), take_census(at=timezone.now()))
        refused = Browser().sign_in(acme_idp)

        erin = next(row for row in rehearsal.rows if row.member.email == "erin@acme.test")
        assert erin.outcome == Outcome.FAILS
        assert refused.status_code == 403
        assert str(Reason.FOREIGN_DOMAIN.label).encode() in refused.content

    def test_an_account_of_another_workspace_is_not_recognised_by_its_address(
        self, acme_idp: Idp, ada_twice: Membership, ada: Membership
    ) -> None:
        open_session(Client(), ada)

        rehearsal = rehearse(Policy.objects.get(), take_census(at=timezone.now()))

        assert "other workspaces" in str(rehearsal.rows[0].why)

    def test_download_has_everybody_and_no_formula(
        self, acme_idp: Idp, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        Membership.objects.filter(pk=mia.pk).update(name="=cmd")
        answer = client_of(ada).get(f"{HERE}rehearsal/download/")

        rows = list(csv.reader(io.StringIO(answer.content.decode())))
        assert len(rows) == 3
        assert any(row[0] == "'=cmd" for row in rows)

    @pytest.mark.parametrize("show", ["", "?show=passes", "?show=absent", "?show=nonsense"])
    def test_pages_open(
        self, acme_idp: Idp, ada: Membership, client_of: ClientOf, show: str
    ) -> None:
        assert client_of(ada).get(f"{HERE}rehearsal/{show}").status_code == 200

    def test_costs_the_same_for_many_people(
        self,
        acme_idp: Idp,
        ada: Membership,
        mia: Membership,
        organization: Organization,
        client_of: ClientOf,
    ) -> None:
        client = client_of(ada)
        few = _queries(client, f"{HERE}rehearsal/")
        few_shown = _queries(client, HERE)
        _crowd(acme_idp, 200)

        assert _queries(client, f"{HERE}rehearsal/") == few
        assert _queries(client, HERE) == few_shown


def _queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(
        database,
    ) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


def _crowd(idp: Idp, size: int) -> None:
    """Employees who have come in by single sign-on, without the ceremony."""
    at = timezone.now()
    users = User.objects.bulk_create(
        User(email=f"p{n}@acme.test", name=f"P {n}", password="!") for n in range(size)
    )
    members = Membership.objects.bulk_create(
        Membership(
            user=user, name=user.name, email=user.email, role="viewer", source="saml", joined_at=at
        )
        for user in users
    )
    SocialAccount.objects.bulk_create(
        SocialAccount(user=user, provider=idp.connection.provider_id, uid=user.email)
        for user in users[::2]
    )
    Entry.objects.bulk_create(
        Entry(
            session_key=f"s{n}",
            membership=member,
            method="saml",
            authenticated_at=at,
            seen_at=at,
        )
        for n, member in enumerate(members)
    )
