"""What somebody looks after, and handing it over."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from portal.catalog.actions import create_integration
from portal.catalog.models import Integration
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.actions.teams import add_team_member, create_team
from tenants.actions.tokens import issue_token
from tenants.models import ApiToken, Invitation, Membership, Team, TeamMember

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]


@pytest.fixture
def max_owns(ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime) -> Membership:
    """One thing of each kind."""
    mine = actor_of(max_)
    create_integration(actor=mine, at=at, name="Warehouse")
    team = create_team(actor=mine, at=at, name="Finance")
    add_team_member(team, actor=mine, membership=max_, is_lead=True)
    send_invitation(actor=mine, at=at, email="new@away.test", role="viewer")
    issue_token(actor=mine, at=at, name="ci", scopes=["member:view"], lasts=timedelta(days=1))
    return max_


def _address(member: Membership) -> str:
    return f"/o/acme/members/{member.pk}/hand-over/"


def test_everything_goes_to_one_after_a_preview(
    max_owns: Membership, ada: Membership, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(ada)
    asked = {"everything": ada.email, "ends_tokens": "on"}

    preview = client.post(_address(max_owns), asked)
    assert Integration.objects.get().owner_id == max_owns.pk
    digest = preview.context["digest"]
    client.post(_address(max_owns), {**asked, "digest": digest, "commit": "yes"})

    assert Integration.objects.get().owner_id == ada.pk
    leads = {place.membership_id: place.is_lead for place in TeamMember.objects.all()}
    assert leads == {max_owns.pk: False, ada.pk: True}
    assert Invitation.objects.get().invited_by_id == ada.pk
    assert not ApiToken.objects.usable(at=at).exists()
    assert Event.objects.filter(name=EventName.OWNERSHIP_HANDED_OVER).count() == 1
    came = Event.objects.filter(name=EventName.TEAM_MEMBER_ADDED, target_id=ada.pk)
    assert [event.facts["team"] for event in came] == ["Finance"]


def test_something_new_since_the_preview_is_shown_again(
    max_owns: Membership, ada: Membership, client_of: ClientOf, actor_of: ActorOf, at: datetime
) -> None:
    client = client_of(ada)
    asked = {"everything": ada.email}
    digest = client.post(_address(max_owns), asked).context["digest"]
    create_integration(actor=actor_of(max_owns), at=at, name="Second")

    answer = client.post(_address(max_owns), {**asked, "digest": digest, "commit": "yes"})

    assert answer.status_code == 409
    assert not Integration.objects.filter(owner=ada).exists()


def test_a_successor_must_be_able_to_look_after_it(
    max_owns: Membership, ada: Membership, mia: Membership, client_of: ClientOf
) -> None:
    client = client_of(ada)

    unfit = client.post(_address(max_owns), {"integrations": mia.email})
    unknown = client.post(_address(max_owns), {"integrations": "nobody@acme.test"})
    nothing = client.post(_address(max_owns), {"everything": ""})

    assert [a.status_code for a in (unfit, unknown, nothing)] == [422] * 3
    assert "does not include" in unfit.content.decode()


def test_the_persons_page_names_it_and_keeps_private_teams_private(
    max_owns: Membership, ada: Membership, mia: Membership, client_of: ClientOf
) -> None:
    Team.objects.update(visibility="private")
    Membership.objects.filter(pk=mia.pk).update(role="editor")

    seen = client_of(ada).get(f"/o/acme/members/{max_owns.pk}/").content.decode()
    hidden = client_of(mia).get(f"/o/acme/members/{max_owns.pk}/").content.decode()

    assert "Warehouse" in seen
    assert "Finance" in seen
    assert "Finance" not in hidden
    assert "new@away.test" not in hidden
