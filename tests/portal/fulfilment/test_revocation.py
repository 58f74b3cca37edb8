"""A revocation from the containment to the proof of no access."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.identifiers import new_id
from audit.models import Event
from portal.fulfilment.actions import claim_step
from portal.fulfilment.probes.handles import note_credential
from portal.fulfilment.probes.trying import try_credential
from portal.fulfilment.revocation import proving
from portal.fulfilment.work import carrier_of
from portal.sso.identity import Identity
from portal.sso.knocking import PROVEN_IDENTITY, fresh_sign_in
from portal.sso.models import ClosedIdentity, Connection, Domain, ParkedSignIn, SignInAttempt
from portal.tickets.actions import file_revocation
from portal.tickets.models import Finding, Step, Ticket
from portal.tickets.plans import steps_of
from portal.tickets.rules import LONGEST_LEASE, Kind, Status
from tenants.access import Actor, system_actor
from tenants.actions.tokens import issue_token
from tenants.models import ApiToken, Entry, Invitation, Membership, Policy, Team, TeamMember
from tenants.scoping import organization_scope
from tests.cast import open_session
from tests.portal.fulfilment.conftest import Work

pytestmark = pytest.mark.django_db(transaction=True)

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture
def token(mia: Membership, actor_of: ActorOf, at: datetime) -> str:
    _token, text = issue_token(
        actor=actor_of(mia), at=at, name="laptop", scopes=["team:view"], lasts=timedelta(days=1)
    )
    return text


@pytest.fixture
def invitation(mia: Membership, at: datetime) -> Invitation:
    invited: Invitation = Invitation.objects.create(
        email="friend@acme.test",
        role="viewer",
        invited_by=mia,
        created_at=at,
        expires_at=at + timedelta(days=7),
    )
    return invited


def link_sso(mia: Membership, at: datetime, *, kind: str = "saml") -> None:
    """A proven domain, an active connection, and the person known to it."""
    connection_id = new_id()
    connection = Connection.objects.create(
        id=connection_id,
        kind=kind,
        name="Acme IdP",
        idp_entity_id="https://idp.acme.test",
        certificate="-----BEGIN CERTIFICATE-----",
        provider_id=f"saml-{connection_id}",
        state="active",
        created_at=at,
        activated_at=at,
    )
    Domain.objects.create(name="acme.test", token="t", created_at=at, verified_at=at)
    SocialAccount.objects.create(user=mia.user, provider=connection.provider_id, uid="mia-at-idp")


def answers(ticket: Ticket) -> dict[str, str]:
    return dict(Finding.objects.filter(ticket=ticket).values_list("kind", "answer"))


def test_a_person_is_cut_off_and_every_credential_is_refused(
    ada: Membership,
    mia: Membership,
    actor_of: ActorOf,
    client_of: ClientOf,
    token: str,
    invitation: Invitation,
    at: datetime,
    work: Work,
) -> None:
    browser = client_of(mia)
    team = Team.objects.create(name="Data", created_at=at)
    TeamMember.objects.create(team=team, membership=mia)
    ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
    assert ticket.status == Status.COMPLETED
    kinds = {"session", "token", "password", "reset", "invitation"}
    assert answers(ticket) == dict.fromkeys(kinds, "refused")
    mia.refresh_from_db()
    invitation.refresh_from_db()
    assert mia.status == Membership.Status.REVOKED
    assert invitation.cancelled_at is not None
    assert not TeamMember.objects.filter(membership=mia).exists()
    assert not Session.objects.filter(session_key=browser.cookies["gatehouse-session"].value)
    assert ApiToken.objects.get().revoked_at is not None
    called = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert called.status_code == 401


def test_access_is_blocked_before_any_worker_runs(
    ada: Membership,
    mia: Membership,
    actor_of: ActorOf,
    client_of: ClientOf,
    token: str,
    at: datetime,
) -> None:
    browser = client_of(mia)
    assert browser.get("/o/acme/").status_code == 200
    file_revocation(mia, actor=actor_of(ada), at=at)
    assert browser.get("/o/acme/").status_code == 404
    called = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert called.status_code == 401


def test_a_browser_that_serves_another_workspace_keeps_that_one(
    ada: Membership,
    mia: Membership,
    ned: Membership,
    actor_of: ActorOf,
    client_of: ClientOf,
    at: datetime,
    work: Work,
) -> None:
    browser = client_of(mia)
    with organization_scope(ned.organization_id):
        ned.user = None
        ned.save(update_fields=["user"])
        ned.user = mia.user
        ned.save(update_fields=["user"])
    open_session(browser, ned)
    ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
    assert ticket.status == Status.COMPLETED
    assert browser.get("/o/globex/").status_code == 200
    assert browser.get("/o/acme/").status_code == 404


def reopen_session(mia: Membership) -> None:
    """As if the browser session had never been deleted nor the entry ended."""
    let_back_in(mia)
    Entry.objects.filter(membership=mia).update(ended_at=None)
    key = Entry.objects.get(membership=mia).session_key
    assert mia.user is not None
    data = {
        "_auth_user_id": str(mia.user_id),
        "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0],
        "_auth_user_hash": mia.user.get_session_auth_hash(),
    }
    Session.objects.create(
        session_key=key,
        session_data=SessionStore().encode(data),
        expire_date=timezone.now() + timedelta(hours=1),
    )


def relink_sso(mia: Membership) -> None:
    let_back_in(mia)
    ClosedIdentity.objects.all().delete()


def let_back_in(mia: Membership) -> None:
    Membership.objects.filter(pk=mia.pk).update(status="active", contained_at=None, revoked_at=None)


def revive_token(mia: Membership) -> None:
    let_back_in(mia)
    ApiToken.objects.filter(owner=mia).update(revoked_at=None)


def reopen_invitation(mia: Membership) -> None:
    Invitation.objects.filter(invited_by=mia).update(cancelled_at=None)


@pytest.mark.parametrize(
    ("kind", "revive", "connection"),
    [
        ("session", reopen_session, "saml"),
        ("token", revive_token, "saml"),
        ("sso", relink_sso, "saml"),
        ("sso", relink_sso, "google"),
        ("password", let_back_in, "saml"),
        ("reset", let_back_in, "saml"),
        ("invitation", reopen_invitation, "saml"),
    ],
)
def test_a_credential_that_works_again_keeps_the_request_open(
    kind: str,
    revive: Callable[[Membership], None],
    connection: str,
    ada: Membership,
    mia: Membership,
    actor_of: ActorOf,
    client_of: ClientOf,
    token: str,
    invitation: Invitation,
    at: datetime,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The symptom: a request that says proven while a credential still opens the door."""
    client_of(mia)
    link_sso(mia, at, kind=connection)
    # Knocking from a forbidden address is refused too, and would prove nothing.
    Policy.objects.update(address_rule="198.51.100.0/24")
    ApiToken.objects.update(address_rule="203.0.113.0/24")
    revived: list[str] = []
    seen: list[str] = []
    original = proving.try_credential

    def revive_once(finding: Finding, *args: object) -> object:
        if not revived:
            revived.append(kind)
            revive(mia)
        trial = original(finding, *args)
        if trial.accepted:
            seen.append(finding.kind)
        return trial

    monkeypatch.setattr(proving, "try_credential", revive_once)
    ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
    assert kind in seen
    assert ticket.status == Status.COMPLETED
    assert Step.objects.get(ticket=ticket, name="proof").rounds == 2
    assert set(answers(ticket).values()) == {"refused"}
    mia.refresh_from_db()
    assert mia.status == Membership.Status.REVOKED


def test_the_link_of_a_forgotten_password_is_followed_to_its_end_and_leaves_nothing_behind(
    ada: Membership, mia: Membership, at: datetime
) -> None:
    """Somebody who still has access comes in by it, and keeps the password they had."""
    assert mia.user is not None
    before = mia.user.password
    ticket = make_ticket(ada, mia, at)
    note_credential(
        ticket, kind="reset", label="link", identity="x", handle={"user": str(mia.user_id)}
    )
    finding = Finding.objects.get(ticket=ticket)
    trial = try_credential(finding, ada.organization, at)
    assert (trial.accepted, trial.tried.startswith("GET the link")) == (True, True)
    mia.user.refresh_from_db()
    assert mia.user.password == before
    assert not Session.objects.exists()
    assert not Event.objects.filter(name__startswith="account.").exists()
    Membership.objects.filter(pk=mia.pk).update(status="suspended", contained_at=at)
    assert not try_credential(finding, ada.organization, at).accepted


@pytest.mark.parametrize("kind", ["saml", "google"])
def test_a_fresh_assertion_is_refused_at_the_finish_and_leaves_nothing_behind(
    kind: str, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime, work: Work
) -> None:
    link_sso(mia, at, kind=kind)
    ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
    finding = Finding.objects.get(ticket=ticket, kind="sso")
    assert finding.answer == Finding.Answer.REFUSED
    assert finding.tried.startswith("GET the finish of Acme IdP")
    assert finding.detail in {"HTTP 403, refused: revoked", "HTTP 403, refused: not_linked"}
    assert not Session.objects.exists()
    assert not ParkedSignIn.objects.exists()
    assert not SignInAttempt.objects.exists()


@pytest.mark.parametrize("kind", ["saml", "google"])
def test_a_sign_in_that_would_work_is_seen_and_rolled_back(
    kind: str, ada: Membership, mia: Membership, at: datetime
) -> None:
    link_sso(mia, at, kind=kind)
    ticket = make_ticket(ada, mia, at)
    finding = list_one(ticket, mia)
    trial = try_credential(finding, ada.organization, at)
    assert trial.accepted
    assert not Entry.objects.exists()
    assert not Session.objects.exists()
    assert not ParkedSignIn.objects.exists()


def make_ticket(ada: Membership, mia: Membership, at: datetime) -> Ticket:
    """A request about somebody whose access was never cut."""
    ticket: Ticket = Ticket.objects.create(
        number="REV-1",
        kind="revocation",
        scope="member",
        status="contained",
        subject_kind="member",
        subject_id=mia.pk,
        subject_label="Mia",
        requester=ada,
        requester_name="Ada",
        filed_at=at,
        received_at=at,
        due_at=at + timedelta(hours=24),
        contained_at=at,
        wake_at=at,
    )
    return ticket


def list_one(ticket: Ticket, mia: Membership) -> Finding:
    connection = Connection.objects.get()
    handle = {"connection": str(connection.pk), "subject": "mia-at-idp", "email": mia.email}
    note_credential(ticket, kind="sso", label="Acme IdP", identity="x", handle=handle)
    found: Finding = Finding.objects.get(ticket=ticket)
    return found


@pytest.mark.parametrize("kind", ["saml", "google"])
def test_nobody_outside_can_vouch_for_anybody(kind: str, mia: Membership, at: datetime) -> None:
    """The name of the inner door as a header, a parameter or a text in the environment."""
    link_sso(mia, at, kind=kind)
    connection = Connection.objects.get()
    path = reverse("sso-finish" if kind == "saml" else "sso-callback", args=[connection.pk])
    client = Client(
        headers={"gatehouse.proven_identity": "mia-at-idp"},
        **{PROVEN_IDENTITY: "mia-at-idp"},  # type: ignore[arg-type]
    )
    answer = client.get(path, {"state": "x", PROVEN_IDENTITY: "mia-at-idp"})
    assert answer.status_code == 403
    assert "_auth_user_id" not in client.session


def test_a_fresh_sign_in_is_never_committed(mia: Membership, at: datetime) -> None:
    link_sso(mia, at)
    who = Identity(subject="mia-at-idp", email=mia.email, name="", authenticated_at=at)
    with pytest.raises(RuntimeError, match="never be committed"):
        fresh_sign_in(Connection.objects.get(), who, at=at)
    assert not ParkedSignIn.objects.exists()


def test_a_lease_from_before_the_clock_was_set_back_holds_nobody_up(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime, work: Work
) -> None:
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)
    claim_step(ticket.pk, actor=system_actor(ada.organization), at=at, bulk=False)
    Step.objects.filter(lease_until__isnull=False).update(lease_until=at + timedelta(hours=1))
    Ticket.objects.filter(pk=ticket.pk).update(wake_at=at)
    assert work(ticket).status == Status.COMPLETED


def test_no_step_asks_for_more_than_the_longest_lease() -> None:
    steps = [(kind, plan.name) for kind in Kind for plan in steps_of(kind)]
    assert steps
    assert all(carrier_of(*step).lease <= LONGEST_LEASE for step in steps)
