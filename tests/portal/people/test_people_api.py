"""People over the API: suspended, given an end, changed many at once, handed over."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.catalog.actions import create_integration
from portal.catalog.models import Integration
from tenants.access import Actor
from tenants.actions.roles import create_role
from tenants.actions.teams import create_team
from tenants.models import Entry, Membership, TeamMember
from tenants.scoping import organization_scope
from tests.portal.rest.conftest import Caller, caller_of, fresh_limits, problem  # noqa: F401

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
Calling = Callable[..., Caller]


@pytest.fixture
def calling(caller_of: Calling, client_of: Callable[..., Any], at: datetime) -> Calling:  # noqa: F811
    """A caller who confirmed a moment ago, in a browser, that it is them."""

    def build(member: Membership) -> Caller:
        client_of(member)
        assert Entry.objects.open().filter(membership=member).exists()
        return caller_of(member)

    return build


def said(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content[:500]
    read: dict[str, Any] = json.loads(answer.content)
    return read


def test_a_member_is_suspended_and_let_in_again(
    ada: Membership, mia: Membership, calling: Calling
) -> None:
    caller = calling(ada)

    first = said(caller.post(f"members/{mia.pk}/suspend", {"reason": "Leave"}, If_Match='"1"'))
    problem(caller.post(f"members/{mia.pk}/suspend", {}, If_Match='"1"'), 412)
    again = said(caller.post(f"members/{mia.pk}/reinstate", {"role": "editor"}, If_Match='"2"'))

    assert first["status"] == "suspended"
    assert (again["status"], again["role"]) == ("active", "editor")
    problem(caller.post(f"members/{ada.pk}/suspend", {}, If_Match="*"), 403)


def test_a_role_made_here_is_what_somebody_comes_back_with(
    ada: Membership, mia: Membership, ned: Membership, calling: Calling, actor_of: ActorOf
) -> None:
    keeper = create_role(actor=actor_of(ada), name="Keeper", permissions=["member:view"])
    with organization_scope(ned.organization_id):
        foreign = create_role(actor=actor_of(ned), name="Theirs", permissions=["member:view"])
    caller, where = calling(ada), f"members/{mia.pk}/reinstate"
    said(caller.post(f"members/{mia.pk}/suspend", {}, If_Match='"1"'))

    for name in (f"custom:{foreign.pk}", "custom:1", "emperor"):
        problem(caller.post(where, {"role": name}, If_Match='"2"'), 422)
    back = said(caller.post(where, {"role": f"custom:{keeper.pk}"}, If_Match='"2"'))

    assert (back["role"], back["role_label"]) == (f"custom:{keeper.pk}", "Keeper")


def test_an_end_of_access_is_set_and_lifted(
    ada: Membership, mia: Membership, calling: Calling, at: datetime
) -> None:
    caller, address = calling(ada), f"members/{mia.pk}/end"
    ahead, behind = ((at + timedelta(days=d)).isoformat() for d in (3, -3))

    answer = said(caller.post(address, {"access_ends_at": ahead}, If_Match="*"))
    assert datetime.fromisoformat(answer["access_ends_at"]) == at + timedelta(days=3)
    refused = problem(caller.post(address, {"access_ends_at": behind}, If_Match="*"), 422)
    assert refused["errors"][0]["pointer"] == "#/access_ends_at"
    lifted = said(caller.post(address, {"access_ends_at": None}, If_Match="*"))
    assert lifted["access_ends_at"] is None
    problem(caller.post(address, {}, If_Match="*"), 422)


def test_many_are_changed_by_the_digest_of_what_was_shown(
    ada: Membership,
    max_: Membership,
    mia: Membership,
    actor_of: ActorOf,
    calling: Calling,
    at: datetime,
) -> None:
    team = create_team(actor=actor_of(ada), at=at, name="Finance")
    caller = calling(ada)
    asked = {"members": [str(max_.pk), str(mia.pk)], "do": "team_add", "team": str(team.pk)}

    shown = said(caller.post("members/change", asked))
    assert (shown["done"], TeamMember.objects.count()) == (False, 0)
    problem(caller.post("members/change", {**asked, "digest": "0" * 32}), 412)
    done = said(caller.post("members/change", {**asked, "digest": shown["digest"]}))

    assert (done["done"], len(done["lines"]), TeamMember.objects.count()) == (True, 2, 2)
    refused = said(caller.post("members/change", asked))["lines"]
    assert all("already" in line["said"] for line in refused)


def test_what_is_not_here_is_unknown(
    ada: Membership, mia: Membership, ned: Membership, calling: Calling
) -> None:
    caller, own = calling(ada), [str(mia.pk)]
    for asked in (
        {"members": [str(ned.pk)], "do": "role", "role": "editor"},
        {"members": own, "do": "role"},
        {"members": own, "do": "team_add"},
        {"members": own, "do": "team_add", "team": str(ned.pk)},
        {"members": own, "do": "dance"},
        {"members": [], "do": "role", "role": "editor"},
    ):
        problem(caller.post("members/change", asked), 422)
    problem(caller.post(f"members/{mia.pk}/hand-over", {"everything": str(ned.pk)}), 422)
    problem(caller.post(f"members/{ned.pk}/suspend", {}, If_Match="*"), 404)


def test_what_somebody_looks_after_is_listed_and_handed_over(
    ada: Membership,
    max_: Membership,
    mia: Membership,
    actor_of: ActorOf,
    calling: Calling,
    at: datetime,
) -> None:
    create_integration(actor=actor_of(max_), at=at, name="Warehouse")
    caller, address = calling(ada), f"members/{max_.pk}"

    owned = said(caller.get(f"{address}/belongings"))["results"]
    assert [(one["kind"], one["things"][0]["name"]) for one in owned] == [
        ("integrations", "Warehouse")
    ]
    problem(caller.post(f"{address}/hand-over", {"everything": str(mia.pk)}), 403)
    moved = said(caller.post(f"{address}/hand-over", {"everything": str(ada.pk)}))["results"]

    assert [one["kind"] for one in moved] == ["integrations"]
    assert Integration.objects.get().owner_id == ada.pk
    problem(caller.post(f"{address}/hand-over", {"everything": str(ada.pk)}), 409)


@pytest.mark.parametrize("name", ["team", "custom_role"])
def test_a_filter_that_is_not_known_is_refused(
    name: str, ada: Membership, ned: Membership, calling: Calling, actor_of: ActorOf, at: datetime
) -> None:
    with organization_scope(ned.organization_id):
        theirs = {
            "team": create_team(actor=actor_of(ned), at=at, name="Theirs").pk,
            "custom_role": create_role(
                actor=actor_of(ned), name="Theirs", permissions=["member:view"]
            ).pk,
        }
    for pk in (theirs[name], "01900000-0000-7000-8000-000000000000", "x"):
        problem(calling(ada).get(f"members?{name}={pk}"), 422)
