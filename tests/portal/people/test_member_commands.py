"""`manage.py members`: found, and changed after a look at the effect."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from portal.tickets.models import Ticket
from tenants.access import Actor
from tenants.actions.roles import create_role
from tenants.actions.teams import add_team_member, create_team
from tenants.models import ManagedBy, Membership, Team, TeamMember
from tests.portal.people.commands import rows, run, told

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
AsHolder = Callable[[Membership], str]


@pytest.fixture
def team(ada: Membership, actor_of: ActorOf, at: datetime) -> Team:
    return create_team(actor=actor_of(ada), at=at, name="Finance", visibility="private")


def emails(*words: str) -> list[str]:
    return [row["email"] for row in rows("members", "list", *words)]


def in_team(team: Team) -> list[str]:
    places = TeamMember.objects.filter(team=team).order_by("membership__name")
    return list(places.values_list("membership__email", flat=True))


def test_the_lists_filters(
    ada: Membership,
    max_: Membership,
    mia: Membership,
    team: Team,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    add_team_member(team, actor=actor_of(ada), membership=mia)
    Membership.objects.filter(pk=max_.pk).update(
        last_seen_at=at - timedelta(days=100), source="scim"
    )
    Membership.objects.filter(pk=ada.pk).update(last_seen_at=at)

    assert emails() == [ada.email, max_.email, mia.email]
    assert emails("--search=MIA@") == [mia.email]
    assert emails("--role=admin") == emails("--role=Admin") == [max_.email]
    assert emails("--team=Finance") == emails(f"--team={team.pk}") == [mia.email]
    assert emails("--source=scim") == [max_.email]
    assert emails("--use=unused") == [max_.email]
    assert emails("--use=never") == [mia.email]
    assert emails("--status=suspended") == []
    assert emails("--sort=-seen")[0] == ada.email


def test_a_list_for_people(ada: Membership, team: Team, actor_of: ActorOf) -> None:
    add_team_member(team, actor=actor_of(ada), membership=ada)

    code, said = run("members", "list")

    assert code == 0
    assert said.splitlines() == [
        f"Ada Okafor <{ada.email}>: Owner; active; last seen never; in Finance",
        "1 found.",
    ]


def test_a_role_made_here_by_name(ada: Membership, mia: Membership, actor_of: ActorOf) -> None:
    made = create_role(actor=actor_of(ada), name="Steward", permissions=["team:view"])

    assert run("members", "role", mia.email, "--role=steward")[0] == 0

    mia.refresh_from_db()
    assert mia.custom_role_id == made.pk
    assert emails("--role=Steward") == emails(f"--role=custom:{made.pk}") == [mia.email]


def test_a_dry_run_of_a_role_changes_nothing_and_its_digest_has_it_done(
    ada: Membership, mia: Membership
) -> None:
    words = ("role", mia.email, "--role=editor")
    before = Event.objects.count()

    seen = told("members", *words, "--dry-run")

    lines = run("members", *words, "--dry-run")[1].splitlines()
    assert lines[-2:] == [
        "Change role: 1 would be done, 0 not.",
        f"Nothing was done. To do exactly this: --digest {seen['digest']}",
    ]
    assert seen["done"] is False
    assert seen["effect"]["summary"] == "1 person gains."
    assert seen["effect"]["people"][0]["member"]["email"] == mia.email
    mia.refresh_from_db()
    assert (mia.role, Event.objects.count()) == ("viewer", before)

    done = told("members", *words, f"--digest={seen['digest']}")

    assert (done["done"], done["effect"]) == (True, seen["effect"])
    mia.refresh_from_db()
    assert mia.role == "editor"


def test_a_digest_of_something_else_has_nothing_done(ada: Membership, mia: Membership) -> None:
    seen = told("members", "role", mia.email, "--role=editor", "--dry-run")

    code, said = run("members", "role", mia.email, "--role=admin", f"--digest={seen['digest']}")

    assert (code, said) == (1, "Something changed meanwhile. Look again, then decide.")
    mia.refresh_from_db()
    assert mia.role == "viewer"


def test_many_move_to_a_team_and_out_again(
    ada: Membership, max_: Membership, mia: Membership, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{mia.email.upper()}\n\n{max_.pk}\n"))
    code, said = run("members", "move", "-", "--team=Finance")
    assert code == 0, said
    assert said.splitlines()[-1] == "Add to a team: 2 done, 0 not."
    assert in_team(team) == [max_.email, mia.email]

    code, said = run("members", "move", ada.email, mia.email, "--team=Finance")
    assert code == 1
    assert f"{mia} <{mia.email}> stays as they are: Is in Finance already." in said
    assert said.endswith("One stays as before.")
    assert in_team(team) == [ada.email, max_.email, mia.email]

    assert run("members", "take-out", max_.email, mia.email, "--team=Finance")[0] == 0
    assert in_team(team) == [ada.email]


def test_suspended_and_let_in_again(ada: Membership, mia: Membership) -> None:
    seen = told("members", "suspend", mia.email, "--dry-run")
    assert seen["effect"]["people"][0]["is_shut_out"] is True
    mia.refresh_from_db()
    assert mia.status == "active"

    code, said = run("members", "suspend", mia.email, "--reason=Left a laptop")
    assert code == 0
    assert f"{mia} <{mia.email}>: loses all access" in said
    mia.refresh_from_db()
    assert mia.status == "suspended"
    assert run("members", "suspend", mia.email) == (1, f"Access of {mia} is blocked already.")

    assert run("members", "reinstate", mia.email, "--dry-run")[0] == 0
    mia.refresh_from_db()
    assert mia.status == "suspended"
    assert run("members", "reinstate", mia.email, "--role=editor")[0] == 0
    mia.refresh_from_db()
    assert (mia.status, mia.role) == ("active", "editor")


def test_an_end_of_access_is_set_and_lifted(ada: Membership, mia: Membership) -> None:
    assert run("members", "end", mia.email, "--on=2199-03-31", "--dry-run")[0] == 0
    mia.refresh_from_db()
    assert mia.access_ends_at is None

    told_end = told("members", "end", mia.email, "--on=2199-03-31")
    assert told_end["access_ends_at"] == "2199-03-31 23:59:59+00:00"
    mia.refresh_from_db()
    assert f"{mia.access_ends_at:%Y-%m-%d %H:%M:%S}" == "2199-03-31 23:59:59"

    assert run("members", "end", mia.email, "--never")[0] == 0
    mia.refresh_from_db()
    assert mia.access_ends_at is None
    code, said = run("members", "end", mia.email, "--on=2001-01-01")
    assert code == 2
    assert said.startswith("An end of access lies ahead.")


def test_a_revocation_opens_its_request(ada: Membership, mia: Membership) -> None:
    assert run("members", "revoke", mia.email, "--dry-run")[0] == 0
    assert not Ticket.objects.exists()

    assert run("members", "revoke", mia.email, "--reason=Left")[0] == 0

    assert Ticket.objects.get().subject_id == mia.pk


def test_the_last_owner_stays(ada: Membership) -> None:
    code, said = run("members", "role", ada.email, "--role=viewer")
    assert code == 1
    assert "is the last owner of Acme Health" in said
    for words in (("suspend", ada.email), ("end", ada.email, "--on=2199-01-01")):
        code, said = run("members", *words)
        assert code == 1
        assert "is the last owner of Acme Health" in said
    ada.refresh_from_db()
    assert (ada.status, ada.role, ada.access_ends_at) == ("active", "owner", None)


def test_what_the_directory_decides_is_refused(ada: Membership, mia: Membership) -> None:
    Membership.objects.filter(pk=mia.pk).update(role_managed_by=ManagedBy.DIRECTORY)

    code, said = run("members", "role", mia.email, "--role=editor")

    assert code == 1
    assert "is decided by" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("role", "nobody@acme.test", "--role=editor"), "There is no member 'nobody@acme.test'."),
        (("role", "mia@acme.test", "--role=king"), "There is no role 'king'."),
        (("role", "mia@acme.test", "--role=operator"), "There is no role 'operator'."),
        (("move", "mia@acme.test", "--team=Nowhere"), "There is no team 'Nowhere'."),
        (("list", "--team=Nowhere"), "There is no team 'Nowhere'."),
        (("list", "--role=custom:x"), "There is no role 'custom:x'."),
        (("list", f"--search={'x' * 101}"), "search: Ensure this value has at most 100 characters"),
        (("suspend", "mia@acme.test", f"--reason={'x' * 501}"), "reason: Ensure this value has"),
        (("suspend", "x" * 10_000), "There is no member 'xxxx"),
    ],
)
def test_what_is_unknown_or_unfit_changes_nothing(
    ada: Membership, mia: Membership, words: tuple[str, ...], said: str
) -> None:
    before = Event.objects.count()

    code, answer = run("members", *words)

    assert code == 2
    assert answer.startswith(said)
    assert len(answer) < 200
    assert Event.objects.count() == before


def test_what_belongs_to_another_organization_is_as_unknown(
    ada: Membership, mia: Membership, team: Team, ned: Membership, as_holder: AsHolder
) -> None:
    for given in (ned.email, str(ned.pk)):
        for verb in ("suspend", "reinstate", "revoke"):
            code, said = run("members", verb, given)
            assert (code, said) == (2, f"There is no member {given!r}.")
    away = run("members", "move", ned.email, f"--team={team.pk}", as_holder(ned), slug="globex")
    assert away == (2, f"There is no team '{team.pk}'.")


def test_a_private_team_is_unknown_to_a_holder_who_may_not_know_it(
    ada: Membership, aud: Membership, team: Team, as_holder: AsHolder
) -> None:
    code, said = run("members", "list", "--team=Finance", as_holder(aud))

    assert (code, said) == (2, "There is no team 'Finance'.")


def test_nobody_gives_what_they_lack(
    ada: Membership, max_: Membership, mia: Membership, as_holder: AsHolder
) -> None:
    code, said = run("members", "role", mia.email, "--role=owner", as_holder(max_))

    assert code == 1
    assert "You cannot give a role that may do more than yours." in said
    mia.refresh_from_db()
    assert mia.role == "viewer"
    assert not Event.objects.filter(name=EventName.MEMBER_ROLE_CHANGED).exists()


def test_an_attempt_that_is_refused_is_written_down_and_a_dry_run_is_not(
    ada: Membership, max_: Membership, as_holder: AsHolder, client_of: Callable[..., Client]
) -> None:
    client_of(max_)
    assert run("members", "suspend", ada.email, as_holder(max_), "--dry-run")[0] == 1
    assert not Event.objects.filter(name=EventName.ACTION_REFUSED).exists()

    assert run("members", "suspend", ada.email, as_holder(max_))[0] == 1

    refused = Event.objects.get(name=EventName.ACTION_REFUSED)
    assert (refused.actor_id, refused.facts["verb"]) == (max_.pk, "members_suspend")
