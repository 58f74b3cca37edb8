"""What a team allows and opens, who comes and goes: shown before it happens, and done as shown."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from audit.refusals import NotPermitted
from portal.catalog.actions import create_integration, set_resource_access, set_team_access
from portal.catalog.models import Integration, Resource, TeamAccess, TeamResourceAccess
from portal.catalog.synthetic import make_resources
from tenants.access import Actor
from tenants.actions.roles import change_role, create_role
from tenants.actions.teams import add_team_member, create_team, set_team_permissions
from tenants.models import Membership, Team, TeamMember
from tests.portal.people.test_people_api import calling, said  # noqa: F401
from tests.portal.rest.conftest import Caller, caller_of, fresh_limits, problem  # noqa: F401

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
Calling = Callable[..., Caller]


@pytest.fixture
def team(ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime) -> Team:
    """Finance, led by Mia, a viewer."""
    made = create_team(actor=actor_of(ada), at=at, name="Finance")
    add_team_member(made, actor=actor_of(ada), membership=mia, is_lead=True)
    return made


@pytest.fixture
def source(ada: Membership, actor_of: ActorOf, at: datetime) -> Integration:
    made = create_integration(actor=actor_of(ada), at=at, name="Warehouse")
    for _count in make_resources(made, 2, at=at):
        pass
    return made


def digest_in(answer: Any, name: str = "effect") -> str:
    shown = re.search(rf'name="{name}" value="([0-9a-f]+)"', answer.content.decode())
    assert shown is not None, answer.content.decode()[:2000]
    return shown[1]


def in_two_steps(client: Client, address: str, wanted: dict[str, Any]) -> Any:
    preview = client.post(address, wanted)
    assert preview.status_code == 200
    return client.post(address, {**wanted, "effect": digest_in(preview)})


class TestPermissions:
    def test_are_changed_after_a_look_at_who_gains_what(
        self, team: Team, ada: Membership, client_of: ClientOf
    ) -> None:
        client, address = client_of(ada), f"/o/acme/teams/{team.pk}/permissions/"
        assert b"Read the audit log" in client.get(address).content
        assert b"Close the organization" not in client.get(address).content
        wanted = {"permissions": ["audit:view"], "version": team.version}
        preview = client.post(address, wanted)
        assert b"Mia Castellan" in preview.content
        assert b"Read the audit log" in preview.content
        team.refresh_from_db()
        assert team.permissions == []
        overtaken = client.post(address, {**wanted, "effect": "0" * 32})
        assert overtaken.status_code == 409
        assert in_two_steps(client, address, wanted).status_code == 302
        team.refresh_from_db()
        assert team.permissions == ["audit:view"]
        shown = client.get(f"/o/acme/teams/{team.pk}/").content
        assert b"Read the audit log" in shown
        assert b"can join by themselves" in shown

    def test_are_not_for_leads_and_not_for_what_one_lacks(
        self, team: Team, ada: Membership, max_: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        address = f"/o/acme/teams/{team.pk}/permissions/"
        assert client_of(mia).get(address).status_code == 403
        for wrong in ("organization:manage", "no:such"):
            wanted = {"permissions": [wrong], "version": team.version}
            assert client_of(ada).post(address, wanted).status_code == 422
        stale = {"permissions": ["audit:view"], "version": 9}
        client_of(max_).post(address, stale)
        team.refresh_from_db()
        assert team.permissions == []

    def test_over_the_api_are_shown_then_made(
        self, team: Team, ada: Membership, mia: Membership, calling: Calling  # noqa: F811
    ) -> None:  # fmt: skip
        caller, path, tag = calling(ada), f"teams/{team.pk}/permissions", {"If_Match": '"1"'}
        wanted = {"permissions": ["audit:view"]}
        shown = said(caller.post(path, wanted, **tag))
        assert (shown["done"], shown["effect"]["people"][0]["member"]["id"]) == (False, str(mia.pk))
        problem(caller.post(path, {**wanted, "digest": "0" * 32}, **tag), 412)
        problem(caller.post(path, wanted), 428)
        digest = shown["effect"]["digest"]
        assert said(caller.post(path, {**wanted, "digest": digest}, **tag))["done"]
        assert said(caller.get(f"teams/{team.pk}"))["permissions"] == ["audit:view"]
        problem(caller.post(path, {"permissions": ["organization:manage"]}, If_Match="*"), 422)
        problem(caller.post(path, {"permissions": "audit:view"}, If_Match="*"), 422)
        problem(calling(mia).post(path, wanted, If_Match="*"), 403)


class TestAccess:
    def test_is_given_and_taken_away_after_a_look(
        self, team: Team, source: Integration, ada: Membership, client_of: ClientOf
    ) -> None:
        client, address = client_of(ada), f"/o/acme/teams/{team.pk}/access/"
        give = {"integration": str(source.pk), "level": "query"}
        preview = client.post(address, give)
        assert b"Mia Castellan" in preview.content
        assert not TeamAccess.objects.exists()
        assert in_two_steps(client, address, give).status_code == 302
        assert TeamAccess.objects.get().level == "query"
        assert b"Warehouse" in client.get(address).content
        taken = client.post(address, {**give, "level": ""})
        assert b"Loses:" in taken.content
        in_two_steps(client, address, {**give, "level": ""})
        assert not TeamAccess.objects.exists()

    def test_of_a_single_resource_found_by_its_name(
        self, team: Team, source: Integration, ada: Membership, mia: Membership,
        actor_of: ActorOf, client_of: ClientOf,
    ) -> None:  # fmt: skip
        resource = Resource.objects.order_by("name")[0]
        client, address = client_of(ada), f"/o/acme/teams/{team.pk}/access/"
        assert resource.name.encode() in client.get(f"{address}?q={resource.name}").content
        in_two_steps(client, address, {"resource": str(resource.pk), "level": "view"})
        assert TeamResourceAccess.objects.get().resource_id == resource.pk
        assert list(Resource.objects.visible_to(actor_of(mia))) == [resource]

    def test_is_shown_first_on_the_pages_of_things_too(
        self, team: Team, source: Integration, ada: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        resource = Resource.objects.order_by("name")[0]
        # The resource first: whoever has all of the source has nothing to gain by a part of it.
        for address in (
            f"/o/acme/catalog/{resource.pk}/access/",
            f"/o/acme/integrations/{source.pk}/access/",
        ):
            wanted = {"team": str(team.pk), "level": "view"}
            assert b"Mia Castellan" in client.post(address, wanted).content
            assert in_two_steps(client, address, wanted).status_code == 302
        assert TeamAccess.objects.count() == TeamResourceAccess.objects.count() == 1

    def test_of_what_is_not_here_and_by_who_may_not(
        self, team: Team, source: Integration, ada: Membership, mia: Membership, ned: Membership,
        client_of: ClientOf,
    ) -> None:  # fmt: skip
        address = f"/o/acme/teams/{team.pk}/access/"
        client = client_of(ada)
        for wrong in (
            {"integration": str(ned.pk), "level": "view"},
            {"resource": str(ned.pk), "level": "view"},
            {"integration": str(source.pk), "level": "king"},
            {"level": "view"},
            {"integration": "nonsense"},
        ):
            assert client.post(address, wrong).status_code == 422
        assert client_of(mia).get(address).status_code == 403

    def test_over_the_api(
        self, team: Team, source: Integration, ada: Membership, mia: Membership, ned: Membership,
        calling: Calling,  # noqa: F811
    ) -> None:  # fmt: skip
        caller, path = calling(ada), f"teams/{team.pk}/access"
        wanted = {"integration": str(source.pk), "level": "view"}
        shown = said(caller.post(path, wanted))
        assert not TeamAccess.objects.exists()
        assert said(caller.post(path, {**wanted, "digest": shown["effect"]["digest"]}))["done"]
        listed = said(caller.get(path))
        assert [one["name"] for one in listed["results"]] == ["Warehouse"]
        problem(caller.post(path, {**wanted, "integration": str(ned.pk)}), 422)
        problem(caller.post(path, {"level": "view"}), 422)
        problem(caller.post(path, {**wanted, "resource": str(source.pk)}), 422)
        problem(calling(mia).get(path), 403)


class TestPeople:
    def test_are_found_ticked_pasted_and_put_in_as_shown(
        self, team: Team, ada: Membership, max_: Membership, sia: Membership, aud: Membership,
        client_of: ClientOf,
    ) -> None:  # fmt: skip
        client, address = client_of(ada), f"/o/acme/teams/{team.pk}/people/"
        found = client.post(address, {"search": "yes", "q": "sia", "member": str(max_.pk)})
        assert [str(one) for one in found.context["people"]] == ["Max Lindqvist", "Sia Fernandes"]
        wanted = {
            "member": [str(max_.pk), str(sia.pk)],
            "addresses": (
                "Aud Bergman <AUD@acme.test>\nnobody@away.test, aud@acme.test\nmia@acme.test"
            ),
        }
        preview = client.post(address, wanted)
        assert [(one.place, one.said) for one in preview.context["strays"]] == [
            (2, "Nobody here has this address."), (3, "Is there twice.")
        ]  # fmt: skip
        outcome = preview.context["outcome"]
        assert len(outcome.done) == 3
        assert [line.refusal for line in outcome.refused] == ["Is in Finance already."]
        assert TeamMember.objects.count() == 1
        changed = {**wanted, "commit": "yes", "digest": "0" * 32}
        assert client.post(address, changed).status_code == 409
        done = client.post(address, {**wanted, "commit": "yes", "digest": outcome.digest})
        assert done.status_code == 302
        assert TeamMember.objects.count() == 4

    def test_are_taken_out_by_a_lead_who_sees_no_other_members(
        self, team: Team, ada: Membership, max_: Membership, mia: Membership, sia: Membership,
        actor_of: ActorOf, client_of: ClientOf,
    ) -> None:  # fmt: skip
        add_team_member(team, actor=actor_of(ada), membership=max_, is_lead=True)
        add_team_member(team, actor=actor_of(ada), membership=sia)
        client, address = client_of(mia), f"/o/acme/teams/{team.pk}/people/remove/"
        wanted = {"member": [str(max_.pk), str(sia.pk)]}
        preview = client.post(address, wanted)
        outcome = preview.context["outcome"]
        assert [str(line.member) for line in outcome.refused] == ["Max Lindqvist"]
        client.post(address, {**wanted, "commit": "yes", "digest": outcome.digest})
        assert not TeamMember.objects.filter(membership=sia).exists()
        assert TeamMember.objects.filter(membership=max_).exists()

    def test_bad_choices_are_told(
        self, team: Team, ada: Membership, sia: Membership, client_of: ClientOf
    ) -> None:
        client, address = client_of(ada), f"/o/acme/teams/{team.pk}/people/"
        assert client.post(address, {"member": "nonsense"}).status_code == 422
        assert client.post(address, {"addresses": "x" * 200_000}).status_code == 422
        many = client.post(address, {"addresses": "a@b.test\n" * 501})
        assert many.status_code == 302
        assert client.post(f"{address}remove/", {"member": str(sia.pk)}).status_code == 302
        assert client_of(sia).get(address).status_code == 403
        refused = client_of(sia).post(f"{address}remove/", {"member": str(sia.pk)}, follow=True)
        assert b"Only the leads of this team" in refused.content

    def test_over_the_api(
        self, team: Team, ada: Membership, max_: Membership, mia: Membership, ned: Membership,
        calling: Calling,  # noqa: F811
    ) -> None:  # fmt: skip
        caller, path = calling(ada), f"teams/{team.pk}/people"
        wanted = {"do": "add", "members": [str(max_.pk)], "addresses": ["ned@globex.test"]}
        shown = said(caller.post(path, wanted))
        assert (shown["done"], len(shown["strays"]), TeamMember.objects.count()) == (False, 1, 1)
        problem(caller.post(path, {**wanted, "digest": "0" * 32}), 412)
        assert said(caller.post(path, {**wanted, "digest": shown["digest"]}))["done"]
        assert TeamMember.objects.count() == 2
        out = {"do": "remove", "members": [str(max_.pk)]}
        gone = said(caller.post(path, out))
        said(caller.post(path, {**out, "digest": gone["digest"]}))
        assert TeamMember.objects.count() == 1
        for wrong in (
            {"do": "add"},
            {"do": "add", "members": [str(ned.pk)]},
            {"do": "remove", "members": [str(max_.pk)]},
            {"do": "dance", "members": [str(max_.pk)]},
        ):
            problem(caller.post(path, wrong), 422)
        problem(calling(max_).post(f"teams/{ned.pk}/people", wanted), 404)


class TestGiving:
    def test_nobody_gives_their_team_what_they_do_not_see_themselves(
        self, team: Team, source: Integration, ada: Membership, mia: Membership,
        actor_of: ActorOf, at: datetime,
    ) -> None:  # fmt: skip
        wide, row = actor_of(ada), Resource.objects.first()
        connector = create_role(
            actor=wide, name="Connector", permissions=["integration:manage", "catalog:view"]
        )
        change_role(mia, actor=wide, at=at, custom_role=connector)
        mia.refresh_from_db()
        actor = actor_of(mia)
        for level in ("view", "query"):
            with pytest.raises(NotPermitted):
                set_team_access(source, actor=actor, team=team, level=level)
            with pytest.raises(NotPermitted):
                set_resource_access(row, actor=actor, team=team, level=level)
        assert not Resource.objects.visible_to(actor).exists()

        set_resource_access(row, actor=wide, team=team, level="view")
        other = create_team(actor=wide, at=at, name="Sales")
        set_resource_access(row, actor=actor, team=other, level="view")
        with pytest.raises(NotPermitted):
            set_resource_access(row, actor=actor, team=other, level="query")
        set_resource_access(row, actor=actor, team=other, level="")
        assert TeamResourceAccess.objects.get().team_id == team.pk


class TestDeletion:
    def test_shows_who_loses_what_first(
        self, team: Team, source: Integration, ada: Membership, actor_of: ActorOf,
        client_of: ClientOf,
    ) -> None:  # fmt: skip
        set_team_access(source, actor=actor_of(ada), team=team, level="view")
        client, address = client_of(ada), f"/o/acme/teams/{team.pk}/delete/"
        preview = client.post(address)
        assert b"Mia Castellan" in preview.content
        assert b"Warehouse" in preview.content
        assert Team.objects.exists()
        assert in_two_steps(client, address, {}).status_code == 302
        assert not Team.objects.exists()

    def test_of_a_team_that_allows_more_is_not_ones_own(
        self, team: Team, ada: Membership, aud: Membership, actor_of: ActorOf, calling: Calling  # noqa: F811
    ) -> None:  # fmt: skip
        set_team_permissions(
            team, actor=actor_of(ada), version=1, permissions=["audit:view", "team:manage"]
        )
        caller = calling(ada)
        effect = said(
            caller.post("access/preview", {"change": "team_deleted", "team": str(team.pk)})
        )
        assert effect["summary"] == "1 person loses."
        assert Team.objects.exists()
