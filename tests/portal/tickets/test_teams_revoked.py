"""Revocations of a whole team: one request, the people's own under it, and everybody contained."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.refusals import NotPermitted, StepUpNeeded
from portal.fulfilment.running import run_ticket
from portal.tickets.actions import (
    cancel_revocation,
    cover_team,
    file_revocation,
    file_team_revocation,
    hasten_revocation,
    reverse_revocation,
)
from portal.tickets.actions import teams as acting
from portal.tickets.actions.teams import NobodyToRevoke, TeamChanged
from portal.tickets.models import Finding, Part, Step, Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.rules import Scope, Status
from portal.tickets.team_revoking import revoke_team
from portal.tickets.turns import note_of_waiting
from tenants.access import Actor
from tenants.actions.teams import add_team_member, create_team
from tenants.clock import now, shifted
from tenants.models import Membership, Organization, Team
from tenants.permissions import BuiltInRole
from tests.cast import make_machine, make_member, make_token_text
from tests.portal.fulfilment.conftest import Work, make_integration
from tests.racing import race

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
SOON = timedelta(minutes=10)


@pytest.fixture
def team(ada: Membership, mia: Membership, max_: Membership, actor_of: ActorOf) -> Team:
    made = create_team(actor=actor_of(ada), at=now(), name="Loaders", visibility="public")
    for one in (mia, max_):
        add_team_member(made, actor=actor_of(ada), membership=one)
    return made


def standing(*people: Membership, at: datetime) -> list[bool]:
    return [Membership.objects.get(pk=one.pk).is_active(at=at) for one in people]


def theirs() -> dict[str, str]:
    return dict(Ticket.objects.filter(scope=Scope.MEMBER).values_list("subject_label", "status"))


def until_it_ends(ticket: Ticket, work: Work) -> Ticket:
    """The people's requests first; the whole looks again after a pause."""
    work(ticket)
    for one in Ticket.objects.filter(scope=Scope.MEMBER):
        work(one)
    with shifted(timedelta(minutes=6)):
        return work(ticket)


def test_everybody_is_out_at_once_and_the_whole_ends_with_the_proof_of_each(
    ada: Membership,
    mia: Membership,
    max_: Membership,
    team: Team,
    actor_of: ActorOf,
    client_of: ClientOf,
    work: Work,
) -> None:
    browser = client_of(mia)
    caller = Client(headers={"Authorization": f"Bearer {make_token_text(max_)}"})
    assert caller.get("/api/v1/me").status_code == 200
    at = now()
    ticket = revoke_team(team, actor=actor_of(ada), at=at, reason="reorganized")
    assert (ticket.status, ticket.contained_at, ticket.subject_label) == (
        Status.CONTAINED,
        at,
        "Loaders",
    )
    assert browser.get("/o/acme/").status_code in {302, 404}
    assert caller.get("/api/v1/me").status_code == 401
    parts = Part.objects.filter(ticket=ticket).select_related("request")
    assert {(part.request.contained_at, part.request.reason) for part in parts} == {
        (at, "reorganized")
    }
    assert standing(mia, max_, ada, at=now()) == [False, False, True]
    names = Step.objects.filter(ticket=ticket).order_by("position").values_list("name", flat=True)
    assert list(names) == ["people", "everybody"]

    work(ticket)
    people = Step.objects.get(ticket=ticket, name="people")
    # No other system is waited for, so none is named.
    assert (people.error_code, note_of_waiting(people)) == ("people-open", "")
    done = until_it_ends(ticket, work)
    assert done.status == Status.COMPLETED
    assert set(theirs().values()) == {Status.COMPLETED}
    result = Step.objects.get(ticket=ticket, name="everybody").result
    assert result == {
        "revoked": 2,
        "taken_back": 0,
        "not_revoked": 0,
        "credentials_refused": Finding.objects.count(),
    }


def test_the_last_owner_and_oneself_stay_and_are_named(
    ada: Membership, mia: Membership, team: Team, organization: Organization,
    actor_of: ActorOf, work: Work,
) -> None:  # fmt: skip
    bea = make_member(organization, "Bea Long", BuiltInRole.OWNER)
    for one in (ada, bea):
        add_team_member(team, actor=actor_of(ada), membership=one)
    ticket = revoke_team(team, actor=actor_of(ada), at=now())
    refused = dict(
        Part.objects.filter(ticket=ticket).exclude(refusal="").values_list("member_id", "refusal")
    )
    assert refused == {ada.pk: "not-permitted"}
    assert standing(ada, bea, at=now()) == [True, False]
    assert until_it_ends(ticket, work).status == Status.COMPLETED

    lonely = create_team(actor=actor_of(ada), at=now(), name="Lonely", visibility="public")
    add_team_member(lonely, actor=actor_of(ada), membership=ada)
    before = Ticket.objects.count()
    with pytest.raises(NobodyToRevoke):
        revoke_team(lonely, actor=actor_of(ada), at=now())
    zoe = make_member(organization, "Zoe Admin", BuiltInRole.ADMIN)
    with pytest.raises(NobodyToRevoke, match="not yours"):
        revoke_team(lonely, actor=actor_of(zoe), at=now())
    assert Ticket.objects.count() == before
    assert standing(ada, at=now()) == [True]


def test_what_a_crash_leaves_of_it_is_filed_by_the_worker(
    ada: Membership,
    mia: Membership,
    max_: Membership,
    team: Team,
    actor_of: ActorOf,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In chunks of one, with the process gone after the first."""
    monkeypatch.setattr(acting, "CHUNK", 1)
    add_team_member(team, actor=actor_of(ada), membership=ada)
    ticket = file_team_revocation(team, actor=actor_of(ada), at=now())
    assert Part.objects.filter(ticket=ticket).pending().count() == 1
    assert standing(mia, max_, at=now()).count(False) == 1
    run_ticket(ticket.pk)
    assert not Part.objects.filter(ticket=ticket).pending().exists()
    # Whoever filed it stays, though the worker could do more than they.
    assert standing(mia, max_, ada, at=now()) == [False, False, True]
    assert cover_team(ticket, actor=actor_of(ada), at=now()) == 0
    assert until_it_ends(ticket, work).status == Status.COMPLETED


def test_planned_it_is_true_by_itself_and_may_be_cancelled_or_brought_forward(
    ada: Membership, mia: Membership, max_: Membership, team: Team, actor_of: ActorOf, work: Work
) -> None:
    at, actor = now(), actor_of(ada)
    ticket = revoke_team(team, actor=actor, at=at, effective_at=at + SOON)
    assert (ticket.status, set(theirs().values())) == (Status.SCHEDULED, {Status.SCHEDULED})
    assert standing(mia, max_, at=at) == [True, True]
    assert standing(mia, max_, at=at + SOON) == [False, False]
    cancel_revocation(ticket, actor=actor, at=now())
    assert standing(mia, max_, at=at + SOON) == [True, True]
    assert set(theirs().values()) == {Status.WITHDRAWN}

    again = revoke_team(team, actor=actor, at=now(), effective_at=now() + SOON)
    assert hasten_revocation(again, actor=actor, at=now()).status == Status.CONTAINED
    assert standing(mia, max_, at=now()) == [False, False]
    reverse_revocation(again, actor=actor, at=now())

    third = revoke_team(team, actor=actor, at=now(), effective_at=now() + SOON)
    with shifted(SOON * 2):
        assert until_it_ends(third, work).status == Status.COMPLETED
        assert third.contained_at == third.scheduled_for


def test_taken_back_everybody_comes_back_until_something_of_one_was_destroyed(
    ada: Membership, mia: Membership, max_: Membership, team: Team, actor_of: ActorOf, work: Work
) -> None:
    actor = actor_of(ada)
    alone = file_revocation(max_, actor=actor, at=now())
    ticket = revoke_team(team, actor=actor, at=now())
    assert Part.objects.get(ticket=ticket, request=alone).is_joined
    reverse_revocation(ticket, actor=actor, at=now())
    # What had been filed about one of them alone is not taken back with it.
    assert standing(mia, max_, at=now()) == [True, False]
    reverse_revocation(alone, actor=actor, at=now())

    again = revoke_team(team, actor=actor, at=now())
    work(Ticket.objects.get(subject_id=mia.pk, status=Status.CONTAINED))
    again.refresh_from_db()
    assert again.destroyed_at is not None
    with pytest.raises(IllegalMove):
        reverse_revocation(again, actor=actor, at=now())
    assert standing(mia, max_, at=now()) == [False, False]


def test_who_was_shown_is_who_loses_access(
    ada: Membership, mia: Membership, aud: Membership, team: Team, actor_of: ActorOf,
    client_of: ClientOf,
) -> None:  # fmt: skip
    browser, where = client_of(ada), f"/o/acme/teams/{team.pk}/revoke/"
    make_integration(mia, now(), name="Warehouse")
    make_machine(mia, role="viewer", name="Loader")
    assert where in browser.get(f"/o/acme/teams/{team.pk}/").text
    shown = browser.get(where).text
    for word in ("2 people lose access", "owns Warehouse", "Loader", "loses all access"):
        assert word in shown
    assert not Ticket.objects.exists()
    digest = shown.split('name="shown" value="')[1].split('"')[0]
    add_team_member(team, actor=actor_of(ada), membership=aud)
    for said in ({"shown": digest}, {}):
        assert "Others are in the team now" in browser.post(where, said, follow=True).text
    assert browser.post(where, {"shown": digest, "effective_at": "x"}).status_code == 422
    assert not Ticket.objects.exists()
    digest = browser.get(where).text.split('name="shown" value="')[1].split('"')[0]
    after = browser.post(where, {"shown": digest}, follow=True).text
    assert "Revoke access of a whole team: Loaders" in after
    assert "0 of 3 done" in after
    assert "REV-1002" in after


def test_an_open_one_is_answered_as_it_is_but_never_for_people_who_came_since(
    ada: Membership, mia: Membership, aud: Membership, team: Team, actor_of: ActorOf
) -> None:
    ticket = revoke_team(team, actor=actor_of(ada), at=now())
    assert revoke_team(team, actor=actor_of(ada), at=now()) == ticket
    add_team_member(team, actor=actor_of(ada), membership=aud)
    with pytest.raises(TeamChanged):
        revoke_team(team, actor=actor_of(ada), at=now())
    with pytest.raises(NotPermitted):
        revoke_team(team, actor=actor_of(aud), at=now())
    with pytest.raises(StepUpNeeded):
        revoke_team(team, actor=actor_of(ada, stepped_up=False), at=now())


def test_a_private_team_is_not_named_by_its_request(
    ada: Membership, mia: Membership, actor_of: ActorOf, client_of: ClientOf
) -> None:
    hidden = create_team(actor=actor_of(ada), at=now(), name="Zanzibar", visibility="private")
    add_team_member(hidden, actor=actor_of(ada), membership=mia)
    client_of(ada)
    caller = Client(headers={"Authorization": f"Bearer {make_token_text(ada)}"})
    where, body = "/api/v1/tickets/revocations", {"team": str(hidden.pk)}
    done = caller.post(where, body, content_type="application/json")
    assert done.status_code == 201
    assert (done.json()["scope"], done.json()["subject"]["name"]) == ("team", "a private team")
    evidence = caller.get(f"/api/v1/tickets/{done.json()['id']}/evidence").json()
    [person] = evidence["people"]
    assert (person["member"], person["request"], person["status"]) == (
        str(mia.pk),
        "REV-1002",
        "contained",
    )
    both = {**body, "member": str(ada.pk)}
    assert caller.post(where, both, content_type="application/json").status_code == 422
    stranger = {"team": str(mia.pk)}
    assert caller.post(where, stranger, content_type="application/json").status_code == 422


@pytest.mark.django_db(transaction=True)
def test_filed_many_times_at_once_it_is_filed_once(
    ada: Membership, mia: Membership, max_: Membership, team: Team, actor_of: ActorOf
) -> None:
    actor = actor_of(ada)

    def file() -> object:
        return revoke_team(team, actor=actor, at=now()).number

    outcomes = race([file] * 8, organization_id=ada.organization_id)
    assert set(outcomes) == {"REV-1001"}
    assert Ticket.objects.filter(scope=Scope.TEAM).count() == 1
    assert Ticket.objects.filter(scope=Scope.MEMBER).count() == 2
