"""`manage.py invitations`: listed, sent, sent again and cancelled."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from audit.models import Event
from audit.names import EventName
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.actions.teams import create_team
from tenants.models import Invitation, Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.portal.people.commands import rows, run, told

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
AsHolder = Callable[[Membership], str]


@pytest.fixture
def invited(ada: Membership, actor_of: ActorOf, at: datetime) -> Invitation:
    team = create_team(actor=actor_of(ada), at=at, name="Finance")
    return send_invitation(
        actor=actor_of(ada), at=at, email="new@acme.test", role="viewer", teams=[team]
    )


def emails(*words: str) -> list[str]:
    return sorted(row["email"] for row in rows("invitations", "list", *words))


def test_invited_all_or_none(ada: Membership, mia: Membership, invited: Invitation) -> None:
    fine = ("a@acme.test", "b@acme.test")
    words = ("invite", *fine, "--role=editor", "--team=Finance")

    seen = told("invitations", *words, "--dry-run")
    assert (seen["invited"], seen["ready"]) == (0, 2)
    assert emails() == ["new@acme.test"]

    code, said = run("invitations", "invite", *fine, mia.email, "new@acme.test", "a@acme.test", "x")
    assert code == 1
    assert said.splitlines() == [
        f"{mia.email}: Is a member already.",
        "new@acme.test: Has an open invitation already.",
        "a@acme.test: The same address as in line 1.",
        "x: This is no full e-mail address.",
        "0 invited, 2 ready, 4 with a problem.",
    ]
    assert emails() == ["new@acme.test"]

    assert told("invitations", *words, "--access-ends=2199-03-31")["invited"] == 2
    assert emails("--role=editor", "--team=Finance") == ["a@acme.test", "b@acme.test"]
    row = rows("invitations", "list", "--search=a@")[0]
    assert row["access_ends_at"].startswith("2199-03-31T23:59:59")


def test_a_name_belongs_to_one(ada: Membership) -> None:
    assert run("invitations", "invite", "a@acme.test", "--name=Ana Ruiz")[0] == 0
    assert Invitation.objects.get().name == "Ana Ruiz"

    code, said = run("invitations", "invite", "b@acme.test", "c@acme.test", "--name=Ben")

    assert (code, said) == (2, "--name: Several people do not share one name.")


def test_the_lists_filters(invited: Invitation, at: datetime) -> None:
    assert emails() == emails("--search=NEW") == emails("--team=Finance") == ["new@acme.test"]
    assert emails("--role=editor") == emails("--state=expired") == emails("--search=zz") == []
    Invitation.objects.update(created_at=at - timedelta(days=9), expires_at=at - timedelta(days=2))
    assert emails("--state=expired") == ["new@acme.test"]
    assert "new@acme.test: Viewer; expired" in run("invitations", "list")[1]
    Invitation.objects.update(cancelled_at=at)
    assert (emails(), emails("--state=cancelled")) == ([], ["new@acme.test"])


def test_sent_again_as_shown(invited: Invitation) -> None:
    seen = told("invitations", "resend", "NEW@acme.test", "--dry-run")
    assert seen["done"] is False
    invited.refresh_from_db()
    assert invited.version == 1

    wrong = run("invitations", "resend", "new@acme.test", "--digest=abc")
    assert wrong == (1, "Something changed meanwhile. Look again, then decide.")
    assert told("invitations", "resend", str(invited.pk), f"--digest={seen['digest']}")["done"]

    invited.refresh_from_db()
    assert invited.version == 2


def test_cancelled_many_at_once(invited: Invitation) -> None:
    run("invitations", "invite", "b@acme.test")
    words = ("cancel", "new@acme.test", "b@acme.test")

    assert run("invitations", *words, "--dry-run")[0] == 0
    assert len(emails()) == 2
    code, said = run("invitations", *words)

    assert code == 0
    assert said.splitlines()[-1] == "Cancel the invitations: 2 done, 0 not."
    assert Event.objects.filter(name=EventName.INVITATION_CANCELLED).count() == 2
    code, said = run("invitations", "cancel", str(invited.pk))
    assert code == 1
    assert "This invitation was cancelled." in said


def test_what_is_unknown_or_foreign_is_as_unknown(
    invited: Invitation, other_organization: Organization, ned: Membership, at: datetime
) -> None:
    with organization_scope(other_organization.pk):
        foreign = Invitation.objects.create(
            email="far@globex.test",
            role="viewer",
            created_at=at,
            expires_at=at + timedelta(days=7),
        )

    for given in ("nobody@acme.test", foreign.email, str(foreign.pk)):
        for verb in ("resend", "cancel"):
            code, said = run("invitations", verb, "new@acme.test", given)
            assert (code, said) == (2, f"There is no invitation {given!r}.")
    assert emails() == ["new@acme.test"]
    code, said = run("invitations", "invite", "a@acme.test", "--team=Nowhere")
    assert code == 1
    assert "There is no team “Nowhere”." in said


def test_refused_without_the_permission(
    invited: Invitation, mia: Membership, as_holder: AsHolder
) -> None:
    for words in (("list",), ("invite", "z@acme.test"), ("cancel", "new@acme.test")):
        code, said = run("invitations", *words, as_holder(mia))
        assert code == 1
        assert said.startswith("Your role does not include “Invite people”.")
    assert emails() == ["new@acme.test"]


def test_nobody_invites_to_more_than_they_hold(
    ada: Membership, max_: Membership, as_holder: AsHolder
) -> None:
    code, said = run("invitations", "invite", "a@acme.test", "--role=owner", as_holder(max_))

    assert code == 1
    assert "The role “owner” may do more than yours." in said
    assert not Invitation.objects.exists()


def test_the_policys_domains_hold(ada: Membership) -> None:
    Policy.objects.update(invitation_domains=["acme.test"])

    code, said = run("invitations", "invite", "a@elsewhere.test")

    assert code == 1
    assert "Your policy lets no invitation go to this domain." in said
