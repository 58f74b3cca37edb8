"""A hunt for a private team: every page and every answer, as people who may not know of it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.http.response import HttpResponseBase

from portal.catalog.actions import create_integration, set_resource_access, set_team_access
from portal.catalog.models import Field, Resource
from portal.catalog.synthetic import make_resources
from portal.directory.models import DirectoryGroup
from portal.sso.actions import create_connection
from portal.sso.actions.mapping import MappingFacts, RuleFacts, set_mapping
from portal.tickets.actions import file_revocation
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.actions.roles import change_role, create_role
from tenants.actions.service_accounts import create_service_account
from tenants.actions.teams import add_team_member, create_team, set_team_lead
from tenants.models import DefaultTeam, Membership, Organization, Team
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission
from tests.cast import make_member
from tests.portal.rest.conftest import Caller, caller_of, fresh_limits  # noqa: F401
from tests.routes import NOWHERE, Route, all_routes

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
NAME = "Zanzibar-7431"
# Whoever reads the log may know every name in it; everything else is hunted with all there is.
UNSEEING = {Permission.TEAM_MANAGE, Permission.AUDIT_VIEW, Permission.AUDIT_EXPORT}
READABLE = [r for r in all_routes() if r.is_workspace and "GET" in r.methods]
ANSWERING = [
    r for r in all_routes() if r.is_api and "get" in (getattr(r.view, "actions", None) or {})
]
EMPTY = (
    "ticket-filters",
    "import",
    "imports",
    "roles",
    "custom-roles",
    "downstream-systems",
    "cases",
    "grants",
    "statements",
    "disputes",
    "dispute",
    "exports",
    "bundles",
    "steps",
    "events",
    "tokens",
)
# Asked as the lists of the product are asked; none of it says more than a part of the name.
QUESTIONS = ("", "?q=zanz", "?team={team}")
# Forms that are about a person are asked about somebody in the team.
PAGE_QUESTIONS = ("", "?q=zanz&member={member}", "?team={team}")


@dataclass(frozen=True)
class World:
    hidden: Team
    placed: Membership
    # By the first word of an address that has one: the objects to put into it.
    things: dict[str, list[Any]]

    def filled(self, route: Route) -> Iterator[str]:
        """The route's addresses for the objects that are there."""
        if "<uuid:" not in route.pattern and ":number>" not in route.pattern:
            yield route.address()
            return
        noun = next(word for word in _words(route) if word in self.things)
        for thing in self.things[noun]:
            key = thing.number if ":number>" in route.pattern else str(thing.pk)
            yield route.address().replace(str(NOWHERE), key).replace("/nothing/", f"/{key}/")


def _words(route: Route) -> list[str]:
    """What an address is about; `access/members` is about members."""
    words = [w for w in route.pattern.replace("o/<slug:slug>/", "").split("/") if w[:1] != "<"]
    return [word for word in words if word not in {"api", "v1", "access", "support"}]


@pytest.fixture
def world(
    organization: Organization, ada: Membership, max_: Membership, mia: Membership,
    actor_of: ActorOf, at: datetime,
) -> World:  # fmt: skip
    """A private team that everything is tied to: people, a source, sign-in, an invitation."""
    by = actor_of(ada)
    hidden = create_team(actor=by, at=at, name=NAME, description=NAME, visibility="private")
    finance = create_team(actor=by, at=at, name="Finance")
    lou = make_member(organization, "Lou Marsh", BuiltInRole.VIEWER)
    for member in (max_, lou):
        add_team_member(hidden, actor=by, membership=member)
    set_team_lead(hidden, actor=by, membership=max_, is_lead=True)
    add_team_member(finance, actor=by, membership=mia)
    DefaultTeam.objects.create(team=hidden)
    source = create_integration(actor=by, at=at, name="Warehouse")
    for _count in make_resources(source, 2, at=at):
        pass
    resource = Resource.objects.order_by("name")[0]
    set_team_access(source, actor=by, team=hidden, level="view")
    set_resource_access(resource, actor=by, team=hidden, level="query")
    set_team_access(source, actor=by, team=finance, level="view")
    connection = create_connection(actor=by, at=at, name="Our IdP")
    rules = [RuleFacts("z", team_id=hidden.pk), RuleFacts("f", team_id=finance.pk)]
    set_mapping(
        connection, actor=by,
        wanted=MappingFacts("teams", "groups", is_authoritative=True, rules=rules),
    )  # fmt: skip
    group = DirectoryGroup.objects.create(
        display_name="Z", display_name_key="z", team=hidden, created_at=at, changed_at=at
    )
    guest = send_invitation(
        actor=by, at=at, email="guest@away.test", role="viewer", teams=[hidden, finance]
    )
    machine = create_service_account(
        actor=by, at=at, name="Loader", role="viewer", teams=[hidden, finance]
    )
    ticket = file_revocation(lou, actor=by, at=at, reason="Left")
    things: dict[str, list[Any]] = {
        "members": list(Membership.objects.all()),
        "teams": [hidden, finance],
        "integrations": [source],
        "catalog": [resource],
        "resources": [resource],
        "fields": list(Field.objects.filter(resource=resource)[:1]),
        "invitations": [guest],
        "service-accounts": [machine],
        "sso": [connection],
        "directory": [group],
        "requests": [ticket],
        "tickets": [ticket],
        **{noun: [] for noun in EMPTY},
    }
    return World(hidden, max_, things)


@pytest.fixture(
    params=[
        # Each asks at every address with every id; who may least is the one of the quick suite.
        "viewer",
        pytest.param("editor", marks=pytest.mark.thorough),
        pytest.param("nearly everything", marks=pytest.mark.thorough),
    ]
)
def hunter(
    request: pytest.FixtureRequest, world: World, organization: Organization, ada: Membership,
    actor_of: ActorOf, at: datetime,
) -> Membership:  # fmt: skip
    if request.param != "nearly everything":
        return make_member(organization, "Ed Hunter", request.param)
    member = make_member(organization, "Ed Hunter", BuiltInRole.VIEWER)
    role = create_role(
        actor=actor_of(ada), name="Nearly",
        permissions=ROLE_PERMISSIONS[BuiltInRole.ADMIN] - UNSEEING,
    )  # fmt: skip
    change_role(member, actor=actor_of(ada), at=at, custom_role=role)
    return Membership.objects.get(pk=member.pk)


def traces(answer: HttpResponseBase, hidden: Team, *, asked: str) -> list[str]:
    """What of the team stands in the answer; an id that was asked with may come back."""
    parts = getattr(answer, "streaming_content", None)
    body = b"".join(parts) if parts is not None else answer.content  # type: ignore[attr-defined]
    text = (body + str(dict(answer.headers)).encode()).decode(errors="replace").lower()
    marks = [NAME.lower()]
    if str(hidden.pk) not in asked:
        marks += [str(hidden.pk), hidden.pk.hex]
    found = [mark for mark in marks if mark in text]
    return [*found, "500"] if answer.status_code >= 500 else found


@pytest.mark.thorough
def test_it_is_on_no_page(world: World, hunter: Membership, client_of: Callable[..., Any]) -> None:
    client = client_of(hunter)
    seen, found = 0, {}
    for route in READABLE:
        for address in world.filled(route):
            for question in PAGE_QUESTIONS if "<" not in route.pattern[13:] else ("",):
                ids = {"team": world.hidden.pk, "member": world.placed.pk}
                asked = address + question.format(**ids)
                answer = client.get(asked)
                seen += answer.status_code == 200
                if trace := traces(answer, world.hidden, asked=asked):
                    found[asked] = trace

    assert found == {}
    assert seen > 20
    assert client.get(f"/o/acme/teams/{world.hidden.pk}/").status_code == 404


@pytest.mark.parametrize("hunter", ["nearly everything"], indirect=True)
def test_no_form_offers_or_takes_it(
    world: World, hunter: Membership, client_of: Callable[..., Any]
) -> None:
    client, team = client_of(hunter), str(world.hidden.pk)
    person = str(world.placed.pk)
    invited = {"email": "new@away.test", "role": "viewer", "teams": [team]}
    given = {"team": team, "level": "view"}
    guest = str(world.things["invitations"][0].pk)
    source = world.things["integrations"][0].pk
    asked: dict[str, dict[str, Any]] = {
        "members/bulk/": {"member": [person]},
        "members/bulk/?": {"people": person, "do": "team_add", "team": team},
        "invitations/new/": invited,
        "invitations/bulk/": {"invitations": guest, "do": "team_remove", "team": team},
        "invitations/bulk/?": {"invitations": guest, "do": "role", "role": "viewer"},
        f"integrations/{source}/access/": given,
        f"teams/{team}/join/": {},
        f"teams/{team}/leave/": {},
        f"teams/{team}/people/": {"member": [person]},
        f"members/{person}/role/": {"role": "viewer", "version": 1},
        f"members/{person}/suspend/": {"reason": "x"},
        f"members/{person}/hand-over/": {"everything": str(hunter.pk)},
    }
    for address, fields in asked.items():
        answer = client.post(f"/o/acme/{address}", fields, follow=True)
        assert traces(answer, world.hidden, asked=str(fields) + address) == [], address
    assert world.hidden.places.count() == 2


def test_it_is_in_no_answer_of_the_api(
    world: World, hunter: Membership, caller_of: Callable[..., Caller]  # noqa: F811
) -> None:  # fmt: skip
    caller = caller_of(hunter)
    seen, found = 0, {}
    for route in ANSWERING:
        for address in world.filled(route):
            for question in QUESTIONS if "<" not in route.pattern else ("",):
                cache.clear()
                asked = address.removeprefix("/api/v1/") + question.format(team=world.hidden.pk)
                answer = caller.get(asked)
                seen += answer.status_code == 200
                if trace := traces(answer, world.hidden, asked=asked):
                    found[asked] = trace

    assert found == {}
    assert seen >= 4


@pytest.mark.thorough
def test_it_is_nowhere_for_the_vendors_staff(
    world: World, sam: Membership, lea: Membership, client_of: Callable[..., Any]
) -> None:
    for staff in (sam, lea):
        client = client_of(staff)
        for route in (r for r in all_routes() if (r.is_console or r.is_workspace)):
            answer = client.get(route.address())
            assert traces(answer, world.hidden, asked="") == [], route


def test_it_changes_no_count(
    organization: Organization, ada: Membership, max_: Membership, mia: Membership,
    actor_of: ActorOf, at: datetime, caller_of: Callable[..., Caller],  # noqa: F811
    client_of: Callable[..., Any],
) -> None:  # fmt: skip
    """A team that only has people is made: what an editor reads of the lists is as before."""
    editor = make_member(organization, "Ed Hunter", BuiltInRole.EDITOR)
    create_team(actor=actor_of(ada), at=at, name="Finance")
    client, caller = client_of(editor), caller_of(editor)

    def looks() -> dict[str, str]:
        pages = [f"/o/acme/{path}" for path in ("", "teams/", "members/", "members/export/")]
        pages += [f"/o/acme/members/{one.pk}/" for one in (max_, mia)]
        read = {page: _shown(client.get(page).content) for page in pages}
        for path in ("teams", "members", f"members/{max_.pk}", "me"):
            read[path] = caller.get(path).content.decode()
        return read

    before = looks()
    hidden = create_team(actor=actor_of(ada), at=at, name=NAME, visibility="private")
    add_team_member(hidden, actor=actor_of(ada), membership=max_)
    after = looks()

    assert {page for page in before if before[page] != after[page]} == set()


def _shown(content: bytes) -> str:
    """The page's main part, without the tokens and the clock of each request."""
    text = content.decode()
    return re.sub(r'value="\w{64}"|<time.*?</time>', "", text[max(text.find("<main"), 0) :])
