"""Many people at once: what was shown is what is done."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from portal.catalog.actions import create_integration
from portal.catalog.models import TeamAccess
from portal.catalog.rules import Level
from portal.tickets.models import Ticket
from tenants.access import Actor
from tenants.actions.teams import add_team_member, create_team
from tenants.models import ManagedBy, Membership, Team, TeamMember

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]
ADDRESS = "/o/acme/members/bulk/"


@pytest.fixture
def team(ada: Membership, actor_of: ActorOf, at: datetime) -> Team:
    return create_team(actor=actor_of(ada), at=at, name="Finance")


def ids(*people: Membership) -> str:
    return ",".join(str(one.pk) for one in people)


def commit(client: Client, asked: dict[str, Any]) -> Any:
    preview = client.post(ADDRESS, asked)
    digest = preview.context["outcome"].digest
    return client.post(ADDRESS, {**asked, "digest": digest, "commit": "yes"})


def test_ticked_rows_or_all_that_match_are_carried_along(
    ada: Membership, max_: Membership, mia: Membership, client_of: ClientOf
) -> None:
    client = client_of(ada)

    ticked = client.post(ADDRESS, {"member": [str(mia.pk), str(max_.pk)]})
    unknown = client.post(ADDRESS, {"everybody": "on", "filter": "role=king"})
    assert unknown.status_code == 302, "A filter that is not known finds nobody, not everybody."
    matching = client.post(ADDRESS, {"everybody": "on", "filter": "role=viewer"})

    assert b"Change 2 people" in ticked.content
    assert matching.context["form"]["people"].value() == str(mia.pk)
    assert client.post(ADDRESS, {}).status_code == 302


def test_people_join_a_team_after_a_preview(
    ada: Membership, max_: Membership, mia: Membership, team: Team, client_of: ClientOf
) -> None:
    client = client_of(ada)
    asked = {"people": ids(max_, mia), "do": "team_add", "team": str(team.pk)}

    preview = client.post(ADDRESS, asked)
    assert preview.status_code == 200
    assert not TeamMember.objects.exists()
    done = commit(client, asked)

    assert len(done.context["outcome"].done) == 2
    assert TeamMember.objects.filter(team=team).count() == 2
    assert Event.objects.filter(name=EventName.TEAM_MEMBER_ADDED).count() == 2


def test_the_preview_names_what_each_gains(
    ada: Membership,
    mia: Membership,
    team: Team,
    actor_of: ActorOf,
    client_of: ClientOf,
    at: datetime,
) -> None:
    made = create_integration(actor=actor_of(ada), at=at, name="Warehouse")
    TeamAccess.objects.create(team=team, integration=made, level=Level.VIEW)
    asked = {"people": ids(mia), "do": "team_add", "team": str(team.pk)}

    preview = client_of(ada).post(ADDRESS, asked)

    shown = preview.context["effect"].people
    assert [(one.member, one.gained.named[0].name) for one in shown] == [(mia, "Warehouse")]


def test_refused_rows_are_named_before_and_the_rest_is_done(
    ada: Membership, max_: Membership, mia: Membership, client_of: ClientOf
) -> None:
    Membership.objects.filter(pk=max_.pk).update(role_managed_by=ManagedBy.DIRECTORY)
    client = client_of(ada)
    asked = {"people": ids(ada, max_, mia), "do": "role", "role": "editor"}

    assert b"Change role: <bdi>Editor</bdi>" in client.post(ADDRESS, asked).content
    done = commit(client, asked).context["outcome"]

    assert [line.member for line in done.done] == [mia]
    said = {line.member: line.refusal for line in done.refused}
    assert "This is you" in said[ada]
    assert "decided by directory" in said[max_]
    assert list(Membership.objects.order_by("name").values_list("role", flat=True)) == [
        "owner",
        "admin",
        "editor",
    ]


def test_what_changed_since_the_preview_is_shown_again(
    ada: Membership,
    max_: Membership,
    mia: Membership,
    team: Team,
    actor_of: ActorOf,
    client_of: ClientOf,
) -> None:
    client = client_of(ada)
    asked = {"people": ids(max_, mia), "do": "team_add", "team": str(team.pk)}
    digest = client.post(ADDRESS, asked).context["outcome"].digest
    add_team_member(team, actor=actor_of(ada), membership=mia)

    answer = client.post(ADDRESS, {**asked, "digest": digest, "commit": "yes"})

    assert answer.status_code == 409
    assert TeamMember.objects.count() == 1


def test_revoking_many_opens_a_request_for_each(
    ada: Membership, max_: Membership, mia: Membership, client_of: ClientOf
) -> None:
    asked = {"people": ids(ada, max_, mia), "do": "revoke", "reason": "Reorganized"}

    done = commit(client_of(ada), asked).context["outcome"]

    assert Ticket.objects.count() == 2
    assert [line.member for line in done.refused] == [ada]


def test_foreign_ids_are_unknown(
    ada: Membership, ned: Membership, mia: Membership, team: Team, client_of: ClientOf
) -> None:
    client = client_of(ada)
    for asked in (
        {"people": ids(mia, ned), "do": "team_add", "team": str(team.pk)},
        {"people": "nonsense", "do": "team_add", "team": str(team.pk)},
        {"people": ids(mia), "do": "team_add", "team": str(ned.pk)},
        {"people": ids(mia), "do": "team_add"},
        {"people": ids(mia), "do": "role", "role": "king"},
    ):
        assert client.post(ADDRESS, asked).status_code == 422
    assert not TeamMember.objects.exists()


def test_a_viewer_changes_nobody(mia: Membership, max_: Membership, client_of: ClientOf) -> None:
    asked = {"people": ids(max_), "do": "revoke"}

    assert client_of(mia).post(ADDRESS, asked).status_code == 403
