"""`manage.py teams`: made, named, filled, given access and deleted, with the effect shown."""

from collections.abc import Callable
from datetime import datetime

import pytest

from audit.models import Event
from portal.catalog.actions import create_integration
from portal.catalog.models import Integration, Resource, TeamAccess, TeamResourceAccess
from portal.catalog.synthetic import make_resources
from tenants.access import Actor
from tenants.actions.teams import add_team_member, create_team
from tenants.models import DefaultTeam, Membership, Team, TeamMember
from tenants.scoping import organization_scope
from tests.portal.people.commands import rows, run, told

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
AsHolder = Callable[[Membership], str]


@pytest.fixture
def team(ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime) -> Team:
    made = create_team(actor=actor_of(ada), at=at, name="Finance", visibility="private")
    add_team_member(made, actor=actor_of(ada), membership=mia)
    return made


@pytest.fixture
def source(ada: Membership, actor_of: ActorOf, at: datetime) -> Integration:
    made: Integration = create_integration(actor=actor_of(ada), at=at, name="Warehouse")
    list(make_resources(made, 2, at=at))
    return made


@pytest.fixture
def foreign(ned: Membership, actor_of: ActorOf, at: datetime) -> Team:
    with organization_scope(ned.organization_id):
        return create_team(actor=actor_of(ned), at=at, name="Far away")


def names(*words: str) -> list[str]:
    return [row["name"] for row in rows("teams", "list", *words)]


def test_listed_and_shown(team: Team, mia: Membership, source: Integration) -> None:
    assert run("teams", "access", "Finance", "--integration=Warehouse", "--level=view")[0] == 0

    assert run("teams", "list") == (0, "Finance (private): 1 member\n1 found.\n")
    shown = rows("teams", "show", str(team.pk))[0]
    assert [one["name"] for one in shown["people"]] == [mia.name]
    assert [(one["name"], one["level"]) for one in shown["access"]] == [("Warehouse", "view")]
    assert "  integration Warehouse: View metadata\n" in run("teams", "show", "Finance")[1]


def test_made_and_edited(ada: Membership) -> None:
    assert run("teams", "create", "Sales", "--dry-run") == (
        0,
        "Nobody gains or loses access by it.\nNothing was done.\n",
    )
    assert names() == []

    made = told("teams", "create", "Sales", "--visibility=private")
    assert (made["name"], made["visibility"]) == ("Sales", "private")

    assert run("teams", "edit", "Sales", "--name=Sells", "--dry-run")[0] == 0
    assert names() == ["Sales"]
    assert run("teams", "edit", "Sales", "--name=Sells", "--visibility=public")[0] == 0
    assert run("teams", "edit", "Sells", "--description=Who sells")[0] == 0
    assert Team.objects.values_list("name", "visibility", "description").get() == (
        "Sells",
        "public",
        "Who sells",
    )
    code, said = run("teams", "edit", "Sells")
    assert (code, said) == (2, "Say what to change: --name, --description or --visibility.")


def test_its_lead_describes_it_and_fills_it_and_no_more(
    team: Team, mia: Membership, max_: Membership, as_holder: AsHolder
) -> None:
    TeamMember.objects.update(is_lead=True)
    lead = as_holder(mia)

    assert run("teams", "edit", "Finance", "--description=Ours", lead)[0] == 0
    assert run("teams", "remove", "Finance", mia.email, "--dry-run", lead)[0] == 0
    code, said = run("teams", "edit", "Finance", "--name=Mine", lead)
    assert code == 1
    assert said.startswith("Your role does not include “Make and change teams”.")
    assert names() == ["Finance"]
    code, _said = run("teams", "lead", "Finance", mia.email, lead)
    assert code == 1


def test_people_in_and_out(team: Team, ada: Membership, max_: Membership, mia: Membership) -> None:
    seen = told("teams", "add", "Finance", ada.email, max_.email, "--dry-run")
    assert not TeamMember.objects.filter(membership=max_).exists()

    digest = f"--digest={seen['digest']}"
    assert told("teams", "add", "Finance", ada.email, max_.email, digest)["done"] is True

    assert run("teams", "add", "Finance", max_.email)[0] == 1
    assert run("teams", "remove", "Finance", max_.email, mia.email)[0] == 0
    places = TeamMember.objects.filter(team=team)
    assert [place.membership_id for place in places] == [ada.pk]
    code, said = run("teams", "remove", "Finance", max_.email)
    assert (code, said) == (2, f"There is no member {max_.email!r}.")


def test_leads(team: Team, mia: Membership, max_: Membership) -> None:
    assert run("teams", "lead", "Finance", mia.email, "--dry-run")[0] == 0
    assert not TeamMember.objects.get(membership=mia).is_lead
    assert run("teams", "lead", "Finance", mia.email)[0] == 0
    assert TeamMember.objects.get(membership=mia).is_lead
    assert run("teams", "lead", "Finance", mia.email, "--no-longer")[0] == 0
    assert not TeamMember.objects.get(membership=mia).is_lead
    assert run("teams", "lead", "Finance", max_.email)[0] == 2


def test_access_to_an_integration_and_to_one_resource(
    team: Team, mia: Membership, source: Integration
) -> None:
    words = ("access", "Finance", "--integration=Warehouse", "--level=query")
    seen = told("teams", *words, "--dry-run")
    assert seen["effect"]["people"][0]["gained"]["named"] == [
        {"words": "View and query", "name": "Warehouse"}
    ]
    assert not TeamAccess.objects.exists()

    assert run("teams", *words, "--digest=other")[0] == 1
    assert not TeamAccess.objects.exists()
    assert told("teams", *words, f"--digest={seen['digest']}")["done"] is True
    assert TeamAccess.objects.get().level == "query"
    code, said = run("teams", *words[:3], "--level=none")
    assert code == 0
    assert f"{mia} <{mia.email}>: loses View and query (Warehouse)" in said
    assert not TeamAccess.objects.exists()

    one = Resource.objects.order_by("sort_key")[0]
    assert run("teams", "access", "Finance", f"--resource={one.pk}", "--level=view")[0] == 0
    assert TeamResourceAccess.objects.get().resource_id == one.pk
    assert run("teams", "access", "Finance", "--resource=nothing", "--level=view")[0] == 2
    assert run("teams", "access", "Finance", "--integration=nothing", "--level=view")[0] == 2


def test_what_membership_allows(team: Team, mia: Membership) -> None:
    words = ("allow", "Finance", "--permission=integration:view")
    code, said = run("teams", *words, "--dry-run")
    assert code == 0
    assert said.splitlines()[:2] == [
        "+ integration:view: See integrations",
        "1 person gains.",
    ]
    team.refresh_from_db()
    assert team.permissions == []

    assert run("teams", *words)[0] == 0
    team.refresh_from_db()
    assert team.permissions == ["integration:view"]
    code, said = run("teams", "allow", "Finance", "--permission=everything")
    assert code == 2
    assert "Not for a team: everything." in said
    assert run("teams", "allow", "Finance")[0] == 0
    team.refresh_from_db()
    assert team.permissions == []


def test_deleted_with_what_else_ends(team: Team, source: Integration, mia: Membership) -> None:
    DefaultTeam.objects.create(team=team)
    run("teams", "access", "Finance", "--integration=Warehouse", "--level=view")

    code, said = run("teams", "delete", "Finance", "--dry-run")
    assert code == 0
    assert said.splitlines()[:3] == [
        "Whoever comes in by single sign-on no longer joins it.",
        "1 person loses.",
        f"  {mia} <{mia.email}>: loses View metadata (Warehouse)",
    ]
    assert names() == ["Finance"]

    assert run("teams", "delete", "Finance")[0] == 0
    assert names() == []


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("edit", "--name=x"),
        ("delete",),
        ("add", "mia@acme.test"),
        ("remove", "mia@acme.test"),
        ("lead", "mia@acme.test"),
        ("access", "--integration=Warehouse", "--level=view"),
        ("allow", "--permission=team:view"),
    ],
)
def test_a_team_of_another_organization_is_as_unknown(
    team: Team, source: Integration, foreign: Team, words: tuple[str, ...]
) -> None:
    verb, *rest = words
    for given in ("Far away", str(foreign.pk), "Nowhere"):
        before = Event.objects.count()
        assert run("teams", verb, given, *rest) == (2, f"There is no team {given!r}.")
        assert Event.objects.count() == before


def test_a_private_team_is_unknown_to_a_holder_outside_it(
    team: Team, sia: Membership, as_holder: AsHolder
) -> None:
    assert names(as_holder(sia)) == []
    assert run("teams", "show", "Finance", as_holder(sia)) == (2, "There is no team 'Finance'.")


@pytest.mark.parametrize(
    "words",
    [("create", "New"), ("delete", "Finance"), ("allow", "Finance")],
)
def test_refused_without_the_permission(
    team: Team, mia: Membership, as_holder: AsHolder, words: tuple[str, ...]
) -> None:
    code, said = run("teams", *words, as_holder(mia))

    assert code == 1
    assert said.startswith("Your role does not include “Make and change teams”.")
    assert names() == ["Finance"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "Finance"), "This name is taken."),
        (("create", "x" * 81), "name: Ensure this value has at most 80 characters"),
        (("create", " "), "name: This field is required."),
        (("create", "x", f"--description={'x' * 301}"), "description: Ensure this value has"),
    ],
)
def test_bad_input(team: Team, words: tuple[str, ...], said: str) -> None:
    code, answer = run("teams", *words)

    assert code == 2
    assert answer.startswith(said)
    assert names() == ["Finance"]


def test_a_holder_gives_no_more_of_the_catalogue_than_they_see(
    team: Team, source: Integration, max_: Membership, as_holder: AsHolder
) -> None:
    rights = ("integration:manage", "integration:view", "team:manage")
    run("roles", "create", "Feeder", *(f"--permission={right}" for right in rights))
    assert run("members", "role", max_.email, "--role=Feeder")[0] == 0
    words = ("access", "Finance", "--integration=Warehouse", "--level=view")

    code, said = run("teams", *words, as_holder(max_))

    assert code == 1
    assert said.startswith("You cannot give more of the catalogue than you see yourself.")
    assert not TeamAccess.objects.exists()
