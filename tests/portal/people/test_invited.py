"""Invitations that are out, changed one by one and many at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from audit.names import EventName
from audit.refusals import Refusal
from audit.sentences import sentence
from portal.people.actions.invited import change_invited
from portal.people.invited import Ask, Wish, foresee_invited
from tenants.access import Actor, stranger
from tenants.actions.invitations import accept_invitation, send_invitation
from tenants.actions.invited import cancel_invitation, edit_invitation
from tenants.actions.teams import create_team
from tenants.models import Invitation, InvitationTeam, Membership, Policy, Team, TeamMember
from tenants.permissions import BuiltInRole, Permission
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization
from tests.portal.people.test_joining import NEW, link_to
from tests.racing import race

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]
Inviting = Callable[..., Invitation]
ADDRESS = "/o/acme/invitations/bulk/"


@pytest.fixture
def inviting(ada: Membership, actor_of: ActorOf, at: datetime) -> Inviting:
    def invite(name: str, role: str = "viewer", **more: Any) -> Invitation:
        email = f"{name}@away.test"
        return send_invitation(actor=actor_of(ada), at=at, email=email, role=role, **more)

    return invite


@pytest.fixture
def team(ada: Membership, actor_of: ActorOf, at: datetime) -> Team:
    return create_team(actor=actor_of(ada), at=at, name="Finance")


def ids(*invitations: Invitation) -> str:
    return ",".join(str(one.pk) for one in invitations)


def commit(client: Client, asked: dict[str, Any]) -> Any:
    digest = client.post(ADDRESS, asked).context["outcome"].digest
    return client.post(ADDRESS, {**asked, "digest": digest, "commit": "yes"})


def reasons(answer: Any) -> dict[str, str]:
    refused = answer.context["outcome"].refused
    return {line.invitation.email.partition("@")[0]: line.refusal for line in refused}


def test_the_list_is_searched_and_narrowed(
    ada: Membership, team: Team, inviting: Inviting, client_of: ClientOf
) -> None:
    client = client_of(ada)
    ana = inviting("ana", "editor", teams=[team])
    ben = inviting("ben")

    for query, found in (
        ("", {ana, ben}),
        ("q=ANA", {ana}),
        ("role=viewer", {ben}),
        (f"team={team.pk}", {ana}),
        ("state=expired", set()),
    ):
        shown = client.get(f"/o/acme/invitations/?{query}")
        assert set(shown.context["page"].rows) == found, query
    for unknown in ("role=king", f"team={ana.pk}", "state=lost"):
        shown = client.get(f"/o/acme/invitations/?{unknown}")
        assert (shown.status_code, list(shown.context["page"].rows)) == (422, [])


def test_ticked_rows_or_all_that_match_are_carried_along(
    ada: Membership, inviting: Inviting, client_of: ClientOf
) -> None:
    client = client_of(ada)
    ana, ben = inviting("ana", "editor"), inviting("ben")

    ticked = client.post(ADDRESS, {"invitation": [str(ana.pk), str(ben.pk)]})
    matching = client.post(ADDRESS, {"everybody": "on", "filter": "role=viewer&state="})
    unknown = client.post(ADDRESS, {"everybody": "on", "filter": "role=king"})

    assert b"Change 2 invitations" in ticked.content
    assert matching.context["form"]["invitations"].value() == str(ben.pk)
    assert unknown.status_code == 302
    assert client.post(ADDRESS, {}).status_code == 302


def test_forty_join_a_team_when_they_accept(
    ada: Membership, team: Team, inviting: Inviting, client_of: ClientOf
) -> None:
    asked = {
        "invitations": ids(*(inviting(f"p{n}") for n in range(40))),
        "do": "team_add",
        "team": str(team.pk),
    }
    client = client_of(ada)

    preview = client.post(ADDRESS, asked)
    assert b"Joins Finance on accepting." in preview.content
    assert not InvitationTeam.objects.exists()
    done = commit(client, asked)

    assert len(done.context["outcome"].done) == 40
    assert InvitationTeam.objects.filter(team=team).count() == 40
    events = Event.objects.filter(name=EventName.INVITATION_CHANGED)
    assert events.count() == 40
    assert "joins Finance" in sentence(events[0])
    assert set(Invitation.objects.values_list("version", flat=True)) == {1}


def test_who_is_left_out_and_why(
    ada: Membership,
    team: Team,
    inviting: Inviting,
    actor_of: ActorOf,
    client_of: ClientOf,
    at: datetime,
) -> None:
    rows = {name: inviting(name) for name in ("used", "expired", "cancelled", "open")}
    rows["placed"] = inviting("placed", teams=[team])
    Invitation.objects.filter(pk=rows["used"].pk).update(accepted_at=at)
    Invitation.objects.filter(pk=rows["expired"].pk).update(expires_at=at - timedelta(days=1))
    cancel_invitation(rows["cancelled"], actor=actor_of(ada), at=at)
    asked = {"invitations": ids(*rows.values()), "do": "team_add", "team": str(team.pk)}

    done = commit(client_of(ada), asked)

    assert reasons(done) == {
        "used": "This invitation was used already.",
        "expired": "The link of this invitation has expired. Send it again first.",
        "cancelled": "This invitation was cancelled.",
        "placed": "Is to join Finance already.",
    }
    assert [line.invitation for line in done.context["outcome"].done] == [rows["open"]]


def test_nobody_hands_out_more_than_they_hold(
    ada: Membership,
    max_: Membership,
    inviting: Inviting,
    actor_of: ActorOf,
    client_of: ClientOf,
    at: datetime,
) -> None:
    """By a role, or by what a team brings; nor do they take it from others."""
    owner, guest = inviting("owner", "owner"), inviting("guest")
    mighty = create_team(actor=actor_of(ada), at=at, name="Mighty")
    Team.objects.filter(pk=mighty.pk).update(
        permissions=[str(Permission.DELETION_CLOSE_ORGANIZATION)]
    )
    assert not actor_of(max_).may(Permission.DELETION_CLOSE_ORGANIZATION)
    client = client_of(max_)
    both = {"invitations": ids(owner, guest)}

    lowered = commit(client, {**both, "do": "role", "role": "editor"})
    raised = client.post(ADDRESS, {**both, "do": "role", "role": "owner"})
    placed = commit(client, {**both, "do": "team_add", "team": str(mighty.pk)})

    assert set(reasons(lowered)) == {"owner"}
    assert raised.status_code == 422
    assert set(reasons(placed)) == {"owner", "guest"}
    assert sorted(Invitation.objects.values_list("role", flat=True)) == ["editor", "owner"]
    assert not InvitationTeam.objects.exists()


def test_the_new_place_is_taken_on_acceptance_by_the_old_link(
    ada: Membership,
    team: Team,
    inviting: Inviting,
    actor_of: ActorOf,
    client_of: ClientOf,
) -> None:
    nia = inviting("nia")
    link = link_to(nia)
    browser = client_of(ada)
    commit(browser, {"invitations": ids(nia), "do": "role", "role": "editor"})
    commit(browser, {"invitations": ids(nia), "do": "team_add", "team": str(team.pk)})

    Client().post(link, NEW)

    member = Membership.objects.get(email=nia.email)
    assert member.role == "editor"
    assert TeamMember.objects.filter(team=team, membership=member).exists()


def test_sending_again_voids_the_old_link_and_cancelling_every_link(
    ada: Membership, inviting: Inviting, client_of: ClientOf, at: datetime
) -> None:
    nia, ben = inviting("nia"), inviting("ben")
    old = [link_to(one) for one in (nia, ben)]
    Invitation.objects.filter(pk=nia.pk).update(expires_at=at - timedelta(days=1))
    browser = client_of(ada)

    sent = commit(browser, {"invitations": ids(nia), "do": "resend"})
    cancelled = commit(browser, {"invitations": ids(ben), "do": "cancel"})

    assert [len(each.context["outcome"].done) for each in (sent, cancelled)] == [1, 1]
    for link in old:
        Client().post(link, NEW)
        assert not Membership.objects.filter(email__contains="away").exists()
    assert Event.objects.filter(name=EventName.INVITATION_SENT, target_id=nia.pk).count() == 2
    assert Event.objects.filter(name=EventName.INVITATION_CANCELLED).count() == 1
    nia.refresh_from_db()
    Client().post(link_to(nia), NEW)
    assert Membership.objects.filter(email=nia.email).exists()


def test_what_changed_since_the_preview_is_shown_again(
    ada: Membership, inviting: Inviting, actor_of: ActorOf, client_of: ClientOf, at: datetime
) -> None:
    nia, ben = inviting("nia"), inviting("ben")
    client = client_of(ada)
    asked = {"invitations": ids(nia, ben), "do": "role", "role": "editor"}
    digest = client.post(ADDRESS, asked).context["outcome"].digest
    cancel_invitation(ben, actor=actor_of(ada), at=at)

    answer = client.post(ADDRESS, {**asked, "digest": digest, "commit": "yes"})

    assert answer.status_code == 409
    assert set(Invitation.objects.values_list("role", flat=True)) == {"viewer"}
    assert not Event.objects.filter(name=EventName.INVITATION_CHANGED).exists()


def test_nobody_sends_again_what_they_could_not_offer(
    max_: Membership, inviting: Inviting, client_of: ClientOf, at: datetime
) -> None:
    boss, nia = inviting("boss", "owner"), inviting("nia")
    Invitation.objects.update(expires_at=at)

    commit(client_of(max_), {"invitations": ids(boss, nia), "do": "resend"})

    boss.refresh_from_db()
    nia.refresh_from_db()
    assert (boss.is_open(at=at), nia.is_open(at=at)) == (False, True)


def test_an_address_outside_the_policy_is_not_sent_again(
    ada: Membership, inviting: Inviting, client_of: ClientOf
) -> None:
    nia = inviting("nia")
    Policy.objects.update(invitation_domains=["acme.test"])

    preview = client_of(ada).post(ADDRESS, {"invitations": ids(nia), "do": "resend"})

    assert "some domains only" in reasons(preview)["nia"]


def test_foreign_ids_and_nonsense_are_unknown(
    ada: Membership,
    ned: Membership,
    team: Team,
    inviting: Inviting,
    actor_of: ActorOf,
    client_of: ClientOf,
    at: datetime,
) -> None:
    nia = inviting("nia")
    with organization_scope(ned.organization_id):
        theirs = send_invitation(actor=actor_of(ned), at=at, email="x@globex.test", role="viewer")
        their_team = create_team(actor=actor_of(ned), at=at, name="Theirs")
    client = client_of(ada)
    for asked in (
        {"invitations": ids(nia, theirs), "do": "cancel"},
        {"invitations": "nonsense", "do": "cancel"},
        {"invitations": "", "do": "cancel"},
        {"invitations": ids(nia), "do": "explode"},
        {"invitations": ids(nia), "do": "team_add", "team": str(their_team.pk)},
        {"invitations": ids(nia), "do": "team_add", "team": "x"},
        {"invitations": ids(nia), "do": "team_add"},
        {"invitations": ids(nia), "do": "role", "role": "king"},
        {"invitations": ids(nia), "do": "role"},
    ):
        assert client.post(ADDRESS, {**asked, "commit": "yes"}).status_code == 422, asked
    assert client.post(ADDRESS, {"invitation": ["x", str(nia.pk)]}).status_code == 302
    assert not Invitation.objects.filter(cancelled_at__isnull=False).exists()


def test_a_viewer_changes_nothing_and_is_told_of_nobody(
    ada: Membership, mia: Membership, inviting: Inviting, client_of: ClientOf
) -> None:
    nia = inviting("nia")

    refused = client_of(mia).post(ADDRESS, {"invitations": ids(nia), "do": "cancel"})
    unseen = client_of(mia).get("/o/acme/members/?use=never")
    seen = client_of(ada).get("/o/acme/members/?use=never")

    assert refused.status_code == 403
    assert b"1 person was invited and has not come yet." in seen.content
    assert b"was invited" not in unseen.content
    assert b"was invited" not in client_of(ada).get("/o/acme/members/").content


@pytest.mark.parametrize("do", ["team_add", "role", "resend", "cancel"])
def test_thirty_cost_what_three_do_apart_from_their_events(
    ada: Membership, team: Team, inviting: Inviting, actor_of: ActorOf, at: datetime, do: str
) -> None:
    actor = actor_of(ada)
    wish = Wish(Ask(do), team if do == "team_add" else None, "editor" if do == "role" else "")
    cost = {}
    for many in (3, 30):
        chosen = [inviting(f"{do}{many}x{n}").pk for n in range(many)]
        with CaptureQueriesContext(connection) as looked:
            outcome = foresee_invited(chosen, wish, actor=actor, at=at)
        with CaptureQueriesContext(connection) as done:
            change_invited(chosen, wish, actor=actor, at=at, digest=outcome.digest)
        events = sum("audit_event" in each["sql"] for each in done)
        keys = sum("audit_datakey" in each["sql"].lower() for each in done)
        assert events == many
        cost[many] = (len(looked), len(done) - events - keys)

    assert cost[3] == cost[30]


@pytest.mark.django_db(transaction=True)
def test_who_accepts_while_it_is_changed_gets_one_of_the_two(
    actor_of: ActorOf, at: datetime
) -> None:
    """Never a half: the old role without the team, or the new with it."""
    acme = make_organization("acme")
    ada = make_member(acme, "Ada Okafor", BuiltInRole.OWNER)
    actor = actor_of(ada)
    with organization_scope(acme.pk):
        team = create_team(actor=actor, at=at, name="Finance")
        nia = send_invitation(actor=actor, at=at, email="nia@away.test", role="viewer")
        user = User.objects.create(email="nia@away.test", name="Nia")
    enter = partial(
        accept_invitation, nia, actor=stranger(acme), at=at, user=user, version=nia.version
    )
    change = partial(edit_invitation, nia, actor=actor, at=at, role="editor", teams=[team])

    results = race([enter, change, change, change], organization_id=acme.pk)

    unexpected = [r for r in results if isinstance(r, Exception) and not isinstance(r, Refusal)]
    assert unexpected == []
    with organization_scope(acme.pk):
        member = Membership.objects.get(email="nia@away.test")
        placed = TeamMember.objects.filter(membership=member).exists()
        assert (member.role, placed) in (("viewer", False), ("editor", True))
