"""`manage.py policy`: shown, and changed after a look at what it leads to."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from tenants.access import Actor
from tenants.actions.teams import create_team
from tenants.models import DefaultTeam, Entry, Membership, Policy
from tests.portal.people.commands import rows, run, told

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
AsHolder = Callable[[Membership], str]


def test_shown(ada: Membership) -> None:
    facts = rows("policy", "show")[0]
    assert (facts["session_idle"], facts["address_rule"]) == (30.0, "")

    code, said = run("policy", "show")

    assert code == 0
    assert "session_idle: 30\n" in said
    assert "second_person_for_deletion: false\n" in said


def test_several_values_in_one_change(ada: Membership) -> None:
    values = (
        "session_idle=10",
        "second_person_for_deletion=true",
        "invitation_domains=b.example, A.example",
    )

    seen = told("policy", "set", *values, "--dry-run")
    assert (seen["done"], len(seen["changed"])) == (False, 3)
    assert Policy.objects.get().session_idle == timedelta(minutes=30)

    code, said = run("policy", "set", *values)

    assert code == 0
    assert "session_idle: 10 (was 30)\n" in said
    policy = Policy.objects.get()
    assert policy.session_idle == timedelta(minutes=10)
    assert policy.second_person_for_deletion is True
    assert policy.invitation_domains == ["a.example", "b.example"]
    assert Event.objects.filter(name=EventName.POLICY_CHANGED).count() == 1
    assert run("policy", "set", "invitation_domains=")[0] == 0
    assert Policy.objects.get().invitation_domains == []
    assert "Nothing is another by it." in run("policy", "set", "session_idle=10")[1]


def test_who_would_be_kept_out_is_said_first(
    ada: Membership, mia: Membership, client_of: ClientOf
) -> None:
    client_of(mia)
    Entry.objects.filter(membership=mia).update(address="198.51.100.9")
    words = ("set", "address_rule=203.0.113.0/24")

    code, said = run("policy", *words, "--dry-run")
    assert code == 0
    (grave,) = [line for line in said.splitlines() if line.startswith("! ")]
    assert grave.startswith("! 1 person who is signed in now came from an address")
    assert grave.endswith(str(mia))
    assert Policy.objects.get().address_rule == ""

    digest = told("policy", *words, "--dry-run")["digest"]
    Entry.objects.update(ended_at=Entry.objects.get(membership=mia).seen_at)
    overtaken = run("policy", *words, f"--digest={digest}")
    assert overtaken == (1, "Something changed meanwhile. Look again, then decide.")
    assert Policy.objects.get().address_rule == ""

    digest = told("policy", *words, "--dry-run")["digest"]
    assert told("policy", *words, f"--digest={digest}")["done"] is True
    assert Policy.objects.get().address_rule == "203.0.113.0/24"


def test_default_teams_by_name(ada: Membership, actor_of: ActorOf, at: datetime) -> None:
    team = create_team(actor=actor_of(ada), at=at, name="Finance")

    assert run("policy", "set", "default_teams=Finance", "--dry-run")[0] == 0
    assert not DefaultTeam.objects.exists()
    assert "default_teams: Finance\n" in run("policy", "set", "default_teams=Finance")[1]
    assert DefaultTeam.objects.get().team_id == team.pk
    assert run("policy", "set", "default_teams=Nowhere") == (2, "There is no team 'Nowhere'.")
    assert run("policy", "set", "default_teams=")[0] == 0
    assert not DefaultTeam.objects.exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("session_idle",), "Write 'session_idle' as NAME=VALUE."),
        (("session_idle=1", "session_idle=2"), "A name stands there twice."),
        (("session_idle=31",), "session_idle: Ensure this value is less than or equal to 30."),
        (("session_idle=nan",), "session_idle: A valid number is required."),
        (("session_idle=",), "session_idle: A valid number is required."),
        (("mfa_required=maybe",), "mfa_required: Must be a valid boolean."),
        (("colour=red",), "colour: This is not known here."),
        (("address_rule=everywhere",), "Some values do not hold.\naddress_rule: “everywhere” is"),
        (("invitation_domains=a b",), "Some values do not hold.\ninvitation_domains: “a b” is no"),
        (("default_role=owner",), "Nobody becomes an owner by single sign-on."),
        (("default_role=king",), 'default_role: "king" is not one of: '),
        (("default_role=operator",), "Choose a role of this workspace."),
    ],
)
def test_bad_values_change_nothing(ada: Membership, values: tuple[str, ...], said: str) -> None:
    before = Policy.objects.values().get()

    code, answer = run("policy", "set", *values)

    assert code == 2
    assert answer.startswith(said)
    assert Policy.objects.values().get() == before


def test_refused_without_the_permission(
    ada: Membership, mia: Membership, aud: Membership, as_holder: AsHolder
) -> None:
    code, said = run("policy", "show", as_holder(mia))
    assert code == 1
    assert said.startswith("Your role does not include “See sign-in and access policies”.")
    assert run("policy", "show", as_holder(aud))[0] == 0

    code, said = run("policy", "set", "session_idle=10", as_holder(aud))

    assert code == 1
    assert said.startswith("Your role does not include “Change sign-in and access policies”.")
    assert Policy.objects.get().session_idle == timedelta(minutes=30)


def test_a_holder_confirms_first_and_is_not_locked_out(
    ada: Membership, as_holder: AsHolder, client_of: ClientOf
) -> None:
    code, said = run("policy", "set", "session_idle=10", as_holder(ada))
    assert code == 1
    assert said.startswith("This needs a proof that it is you.")

    client_of(ada)

    assert run("policy", "set", "session_idle=10", as_holder(ada))[0] == 0
    code, said = run("policy", "set", "address_rule=203.0.113.0/24", as_holder(ada))
    assert code == 2
    assert said.startswith("This list would lock you out of the workspace.")
    assert Policy.objects.get().address_rule == ""
