"""Invitations that are out, changed one by one and many at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from audit.sentences import sentence
from tenants.access import Actor
from tenants.actions.invitations import (
    cancel_invitation,
    send_invitation,
)
from tenants.actions.teams import create_team
from tenants.models import Invitation, InvitationTeam, Membership, Team

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
