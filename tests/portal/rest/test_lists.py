"""Lists: pages without gaps or doubles, and only what the token may see."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from tenants.access import Actor
from tenants.actions.teams import add_team_member, create_team
from tenants.models import Membership, Team
from tenants.permissions import Permission
from tests.portal.rest.conftest import Caller, problem

pytestmark = pytest.mark.django_db
CallerOf = Callable[..., Caller]
ActorOf = Callable[..., Actor]


@pytest.fixture
def teams(ada: Membership, actor_of: ActorOf, at: object) -> list[Team]:
    actor = actor_of(ada)
    return [create_team(actor=actor, at=at, name=f"Team {n:02}") for n in range(7)]


def body(answer: HttpResponse) -> dict[str, object]:
    assert answer.status_code == 200, answer.content
    found: dict[str, object] = json.loads(answer.content)
    return found


def all_pages(caller: Caller, path: str) -> list[list[str]]:
    pages, where = [], f"{path}?size=3"
    while where:
        found = body(caller.get(where))
        pages.append([row["name"] for row in found["results"]])  # type: ignore[attr-defined]
        where = str(found["next"] or "").removeprefix("http://testserver/api/v1/")
    return pages


def test_pages_hold_every_row_once(ada: Membership, teams: list[Team], caller_of: CallerOf) -> None:
    pages = all_pages(caller_of(ada), "teams")

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in page] == [team.name for team in teams]


def test_a_row_deleted_between_pages_shifts_nothing(
    ada: Membership, teams: list[Team], caller_of: CallerOf
) -> None:
    caller = caller_of(ada)
    first = body(caller.get("teams?size=3"))
    teams[1].delete()

    second = body(caller.get(str(first["next"]).removeprefix("http://testserver/api/v1/")))

    assert [row["name"] for row in second["results"]] == ["Team 03", "Team 04", "Team 05"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path", ["members", "invitations", "teams", "tokens", "tickets", "integrations", "events"]
)
def test_a_list_costs_the_same_for_few_and_many(
    path: str,
    ada: Membership,
    max_: Membership,
    actor_of: ActorOf,
    caller_of: CallerOf,
    at: object,
) -> None:
    caller = caller_of(ada)
    caller.get(path)
    with CaptureQueriesContext(connection) as few:
        caller.get(path)
    for n in range(6):
        team = create_team(actor=actor_of(ada), at=at, name=f"More {n}")
        add_team_member(team, actor=actor_of(ada), membership=max_)
        caller_of(ada)
    with CaptureQueriesContext(connection) as many:
        caller.get(path)

    assert len(many) == len(few)


class TestPrivateTeams:
    @pytest.fixture
    def hidden(self, ada: Membership, actor_of: ActorOf, at: object) -> Team:
        return create_team(actor=actor_of(ada), at=at, name="Merger", visibility="private")

    def test_are_unknown_to_others_everywhere(
        self,
        hidden: Team,
        sia: Membership,
        mia: Membership,
        ada: Membership,
        actor_of: ActorOf,
        caller_of: CallerOf,
    ) -> None:
        add_team_member(hidden, actor=actor_of(ada), membership=mia)

        caller = caller_of(sia)

        assert b"Merger" not in caller.get("teams").content
        assert b"Merger" not in caller.get("members").content
        # The very words for a team that is nowhere.
        problem(caller.get(f"members?team={hidden.pk}"), 422)
        for path in (f"teams/{hidden.pk}", f"teams/{hidden.pk}/members"):
            problem(caller.get(path), 404)

    def test_are_known_to_their_members(
        self,
        hidden: Team,
        mia: Membership,
        ada: Membership,
        actor_of: ActorOf,
        caller_of: CallerOf,
    ) -> None:
        add_team_member(hidden, actor=actor_of(ada), membership=mia)

        assert b"Merger" in caller_of(mia, Permission.TEAM_VIEW).get("teams").content


class TestForeignRows:
    def test_are_as_unknown_as_rows_that_never_were(
        self, ada: Membership, ned: Membership, caller_of: CallerOf
    ) -> None:
        caller, nobody = caller_of(ada), "01900000-0000-7000-8000-000000000000"

        for noun in ("members", "tickets", "teams"):
            foreign = problem(caller.get(f"{noun}/{ned.pk}"), 404)
            missing = problem(caller.get(f"{noun}/{nobody}"), 404)
            assert {**foreign, "instance": "", "request_id": ""} == {
                **missing,
                "instance": "",
                "request_id": "",
            }

    def test_in_a_body_are_422(
        self, teams: list[Team], ada: Membership, ned: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada)

        answer = caller.post(f"teams/{teams[0].pk}/members", {"member": str(ned.pk)})

        assert problem(answer, 422)["errors"][0]["pointer"] == "#/member"


class TestMassAssignment:
    @pytest.mark.parametrize(
        "field",
        ["id", "organization", "organization_id", "created_at", "version", "permissions", "places"],
    )
    def test_of_a_team_is_refused(
        self, field: str, teams: list[Team], ada: Membership, caller_of: CallerOf
    ) -> None:
        caller, team = caller_of(ada), teams[0]

        made = caller.post("teams", {"name": "New", field: "x"})
        changed = caller.patch(f"teams/{team.pk}", {field: "x"}, If_Match='"1"')

        for answer in (made, changed):
            assert problem(answer, 422)["errors"][0]["pointer"] == f"#/{field}"

    @pytest.mark.parametrize("field", ["status", "email", "user", "custom_role", "organization"])
    def test_of_a_member_is_refused(
        self, field: str, ada: Membership, mia: Membership, caller_of: CallerOf
    ) -> None:
        wanted = {"role": "editor", field: "x"}

        answer = caller_of(ada).post(f"members/{mia.pk}/role", wanted, If_Match='"1"')

        problem(answer, 422)
        mia.refresh_from_db()
        assert mia.role == "viewer"
