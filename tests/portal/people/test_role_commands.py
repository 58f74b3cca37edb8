"""`manage.py roles`: listed, shown, made, changed with a diff, and deleted."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from tenants.access import Actor
from tenants.actions.roles import create_role
from tenants.models import Membership, Role
from tenants.permissions import ROLE_PERMISSIONS
from tenants.scoping import organization_scope
from tests.portal.people.commands import rows, run, told

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
AsHolder = Callable[[Membership], str]


@pytest.fixture
def steward(ada: Membership, actor_of: ActorOf) -> Role:
    permissions = ["team:view", "member:view"]
    return create_role(actor=actor_of(ada), name="Steward", permissions=permissions)


def test_listed_with_how_many_have_them(steward: Role, ada: Membership, mia: Membership) -> None:
    Membership.objects.filter(pk=mia.pk).update(custom_role=steward)

    found = {row["key"]: row for row in rows("roles", "list")}

    assert found["owner"]["people"] == 1
    assert found["viewer"]["people"] == 0
    assert found[f"custom:{steward.pk}"]["people"] == 1
    assert "operator" not in found
    assert "Steward (made here): 1 person, 2 permissions\n" in run("roles", "list")[1]


def test_shown(steward: Role) -> None:
    for given in ("steward", str(steward.pk), f"custom:{steward.pk}"):
        assert rows("roles", "show", given)[0]["permissions"] == ["member:view", "team:view"]
    assert "  member:view: See members\n" in run("roles", "show", "Steward")[1]
    assert rows("roles", "show", "auditor")[0]["permissions"] == sorted(ROLE_PERMISSIONS["auditor"])


def test_made_from_nothing_or_as_a_copy(ada: Membership) -> None:
    words = ("create", "Reader", "--copy=viewer", "--permission=member:view")
    code, said = run("roles", *words, "--dry-run")
    assert code == 0
    assert "+ member:view: See members\n" in said
    assert not Role.objects.exists()

    made = told("roles", *words)

    assert made["permissions"] == ["catalog:view", "member:view", "team:view", "token:issue"]
    assert Role.objects.get().name == "Reader"


def test_edited_with_the_difference_and_who_loses_what(
    steward: Role, mia: Membership, ada: Membership
) -> None:
    Membership.objects.filter(pk=mia.pk).update(custom_role=steward)
    words = ("edit", "Steward", "--add=integration:view", "--remove=member:view")

    code, said = run("roles", *words, "--dry-run")
    assert code == 0
    assert said.splitlines()[:4] == [
        "+ integration:view: See integrations",
        "- member:view: See members",
        "1 person gains, 1 person loses.",
        f"  {mia} <{mia.email}>: gains See integrations; loses See members",
    ]
    steward.refresh_from_db()
    assert steward.permissions == ["member:view", "team:view"]

    seen = told("roles", *words, "--dry-run")
    assert (seen["added"], seen["removed"]) == (["integration:view"], ["member:view"])
    assert run("roles", *words, "--digest=other")[0] == 1
    assert told("roles", *words, f"--digest={seen['digest']}")["done"] is True
    steward.refresh_from_db()
    assert steward.permissions == ["integration:view", "team:view"]

    assert run("roles", "edit", "Steward", "--name=Keeper", "--permission=team:view")[0] == 0
    steward.refresh_from_db()
    assert (steward.name, steward.permissions) == ("Keeper", ["team:view"])
    assert run("roles", "edit", "Keeper")[0] == 2


def test_deleted_when_nobody_holds_it(steward: Role, mia: Membership) -> None:
    Membership.objects.filter(pk=mia.pk).update(custom_role=steward)
    code, said = run("roles", "delete", "Steward")
    assert code == 1
    assert said.startswith("This role is still held (people: 1).")

    Membership.objects.filter(pk=mia.pk).update(custom_role=None)
    assert run("roles", "delete", "Steward", "--dry-run")[0] == 0
    assert Role.objects.exists()
    assert run("roles", "delete", "Steward")[0] == 0
    assert not Role.objects.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "Steward", "--permission=team:view"), "This name is taken."),
        (("create", "Viewer", "--permission=team:view"), "This name is taken."),
        (("create", "New"), "Choose what the role allows."),
        (("create", "New", "--permission=fly"), "Some of this does not hold."),
        (("create", "New", "--permission=grant:request"), "Some of this does not hold."),
        (("create", "x" * 81, "--permission=team:view"), "The role needs a name."),
        (("create", "New", "--copy=king"), "There is no role 'king'."),
        (("show", "king"), "There is no role 'king'."),
        (("edit", "viewer", "--add=team:view"), "There is no role 'viewer'."),
        (("edit", "Steward", "--remove=team:view", "--remove=member:view"), "Choose what the role"),
        (("delete", "owner"), "There is no role 'owner'."),
    ],
)
def test_bad_input(steward: Role, words: tuple[str, ...], said: str) -> None:
    before = Event.objects.count()

    code, answer = run("roles", *words)

    assert code == 2
    assert answer.startswith(said)
    assert Event.objects.count() == before


def test_a_role_of_another_organization_is_as_unknown(
    steward: Role, ned: Membership, actor_of: ActorOf
) -> None:
    with organization_scope(ned.organization_id):
        far = create_role(actor=actor_of(ned), name="Far", permissions=["team:view"])

    for given in ("Far", str(far.pk), f"custom:{far.pk}"):
        for words in (("show",), ("edit", "--add=member:view"), ("delete",)):
            code, said = run("roles", words[0], given, *words[1:])
            assert (code, said) == (2, f"There is no role {given!r}.")


def test_refused_without_the_permission(
    steward: Role, mia: Membership, as_holder: AsHolder
) -> None:
    for words in (("list",), ("show", "Steward")):
        code, said = run("roles", *words, as_holder(mia))
        assert (code, said[:24]) == (1, "Your role does not inclu")
    for words in (("create", "N", "--permission=team:view"), ("delete", "Steward")):
        code, said = run("roles", *words, as_holder(mia))
        assert code == 1
        assert said.startswith("Your role does not include “Make and change roles”.")
    assert Role.objects.get() == steward


def test_nobody_makes_a_role_of_what_they_lack(
    ada: Membership, max_: Membership, as_holder: AsHolder, client_of: Callable[..., Client]
) -> None:
    client_of(max_)
    words = ("create", "Boss", "--permission=organization:manage", as_holder(max_))

    code, said = run("roles", *words)

    assert code == 1
    assert said.startswith("You cannot give a role that may do more than yours.")
    assert not Role.objects.exists()
    refused = Event.objects.get(name=EventName.ACTION_REFUSED)
    assert refused.actor_id == max_.pk


def test_a_holder_confirms_first_that_it_is_them(
    ada: Membership, as_holder: AsHolder, at: datetime
) -> None:
    code, said = run("roles", "create", "N", "--permission=team:view", as_holder(ada))

    assert code == 1
    assert said.startswith("This needs a proof that it is you.")
    assert not Role.objects.exists()
