"""Who is deactivated at the identity provider is out at the next request, and comes back plain."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.names import EventName
from portal.directory.models import DirectoryUser
from portal.directory.sweeps import let_everybody_back
from portal.fulfilment.running import run_ticket
from portal.sso.admission import decide_admission
from portal.sso.identity import Identity
from portal.sso.models import ClosedIdentity, Connection
from portal.sso.refusals import SignInRefused
from portal.sso.rules import subject_digest
from portal.tickets.actions import file_revocation
from portal.tickets.models import Ticket
from tenants.access import Actor, system_actor
from tenants.actions.teams import create_team
from tenants.actions.tokens import issue_token
from tenants.clock import now
from tenants.models import ApiToken, Entry, Membership, TeamMember
from tenants.permissions import BuiltInRole, Permission
from tests.cast import make_member, open_session
from tests.portal.directory.conftest import Directory

pytestmark = pytest.mark.django_db(transaction=True)
RowOf = Callable[[Any], DirectoryUser]
OFF = {"op": "replace", "value": {"active": False}}
ON = {"op": "Replace", "path": "active", "value": "True"}


def member_of(row_of: RowOf, told: Any) -> Membership:
    member = row_of(told).membership
    assert member is not None
    return member


def finish(ticket: Ticket) -> None:
    for _turn in range(20):
        run_ticket(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.status == "completed"


@pytest.mark.parametrize("way", ["patch", "put", "delete"])
def test_the_next_request_of_a_leaver_is_refused(
    idp: Directory,
    row_of: RowOf,
    actor_of: Callable[..., Actor],
    client: Client,
    at: datetime,
    way: str,
) -> None:
    erin = idp.add("erin")
    member = member_of(row_of, erin)
    open_session(client, member)
    _token, text = issue_token(
        actor=actor_of(member),
        at=at,
        name="script",
        scopes=[Permission.TEAM_VIEW.value],
        lasts=timedelta(days=1),
    )
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {text}"}
    assert client.get("/o/acme/").status_code == 200
    assert client.get("/api/v1/me", **bearer).status_code == 200

    path = f"/Users/{erin['id']}"
    if way == "patch":
        idp.patch(path, OFF)
    elif way == "put":
        idp.call("PUT", path, idp.person("erin", active=False))
    else:
        idp.call("DELETE", path)

    assert client.get("/o/acme/").status_code == 404
    assert client.get("/api/v1/me", **bearer).status_code == 401
    assert not Entry.objects.open().filter(membership=member).exists()
    ticket = Ticket.objects.get()
    assert (ticket.source, ticket.subject_id) == ("directory", member.pk)


def test_a_leaver_loses_the_groups_and_their_teams(
    idp: Directory, row_of: RowOf, ada: Membership, actor_of: Callable[..., Actor], at: datetime
) -> None:
    """A return must not find an old group that gives an old role."""
    erin = idp.add("erin")
    group = idp.add_group("Analysts", erin)

    idp.patch(f"/Users/{erin['id']}", OFF)

    assert idp.members(group) == set()
    assert "groups" not in idp.get(f"/Users/{erin['id']}")


def test_who_comes_back_waits_for_the_proof_and_gets_the_least(
    idp: Directory, row_of: RowOf, actor_of: Callable[..., Actor], ada: Membership, at: datetime
) -> None:
    """kobo's re-provisioning gave old roles back; a way back under the request is no proof."""
    erin = idp.add("erin")
    old = member_of(row_of, erin)
    Membership.objects.filter(pk=old.pk).update(role=BuiltInRole.ADMIN)
    team = create_team(actor=actor_of(ada), at=at, name="Finance")
    TeamMember.objects.create(team=team, membership=old)

    idp.patch(f"/Users/{erin['id']}", OFF)
    status, told = idp.patch(f"/Users/{erin['id']}", ON)

    assert (status, told["active"]) == (200, True)
    old.refresh_from_db()
    assert old.status == Membership.Status.SUSPENDED
    let_everybody_back(now())
    assert member_of(row_of, erin).pk == old.pk

    finish(Ticket.objects.get())
    let_everybody_back(now())

    fresh = member_of(row_of, erin)
    assert fresh.pk != old.pk
    assert (fresh.status, fresh.role) == (Membership.Status.ACTIVE, BuiltInRole.VIEWER)
    assert not TeamMember.objects.filter(membership=fresh).exists()
    assert not ApiToken.objects.filter(owner=fresh).exists()
    old.refresh_from_db()
    assert old.status == Membership.Status.REVOKED
    assert Event.objects.filter(name=EventName.DIRECTORY_USER_LET_BACK).count() == 1


def test_single_sign_on_lets_nobody_in_who_was_deactivated(
    idp: Directory, row_of: RowOf, at: datetime
) -> None:
    """openwork re-created deprovisioned people at their next sign-in."""
    erin = idp.add("erin")
    connection = Connection.objects.create(kind="saml", name="Okta", created_at=at)
    identity = Identity(subject="s-1", email="erin@acme.test", name="Erin", authenticated_at=at)
    people = Membership.objects.count()
    assert decide_admission(connection, identity, known=None, at=now()).user is not None

    idp.patch(f"/Users/{erin['id']}", OFF)
    with pytest.raises(SignInRefused):
        decide_admission(connection, identity, known=None, at=now())
    finish(Ticket.objects.get())
    idp.call("DELETE", f"/Users/{erin['id']}")

    with pytest.raises(SignInRefused):
        decide_admission(connection, identity, known=None, at=now())
    assert Membership.objects.count() == people


def test_who_came_back_may_sign_in_with_the_identity_that_was_cut(
    idp: Directory, row_of: RowOf, at: datetime
) -> None:
    erin = idp.add("erin")
    old = member_of(row_of, erin)
    connection = Connection.objects.create(kind="saml", name="Okta", created_at=at)
    identity = Identity(subject="s-1", email="erin@acme.test", name="Erin", authenticated_at=at)
    ClosedIdentity.objects.create(
        connection=connection,
        membership=old,
        subject_digest=subject_digest(connection.provider_id, "s-1"),
        closed_at=at,
    )
    idp.patch(f"/Users/{erin['id']}", OFF)
    finish(Ticket.objects.get())
    with pytest.raises(SignInRefused):
        decide_admission(connection, identity, known=None, at=now())

    idp.patch(f"/Users/{erin['id']}", ON)

    fresh = member_of(row_of, erin)
    assert fresh.pk != old.pk
    assert decide_admission(connection, identity, known=None, at=now()).user == fresh.user


def test_the_last_owner_stays_and_the_admins_are_told(
    idp: Directory, ada: Membership, row_of: RowOf
) -> None:
    """DefGuard's sync removed the last admin."""
    told = idp.add("ada")
    assert member_of(row_of, told).pk == ada.pk

    status, answer = idp.patch(f"/Users/{told['id']}", OFF)
    gone, _body, _ = idp.call("DELETE", f"/Users/{told['id']}")

    assert (status, gone) == (409, 409)
    assert "last owner" in answer["detail"]
    ada.refresh_from_db()
    assert (ada.status, ada.role) == (Membership.Status.ACTIVE, BuiltInRole.OWNER)
    assert row_of(told).is_active
    assert Event.objects.filter(name=EventName.DIRECTORY_OWNER_KEPT).count() == 2


def test_an_owner_who_is_not_the_last_leaves_like_everybody(
    idp: Directory, ada: Membership, row_of: RowOf
) -> None:
    oli = make_member(ada.organization, "Oli Berg", BuiltInRole.OWNER)

    told = idp.add("oli")
    idp.patch(f"/Users/{told['id']}", OFF)

    oli.refresh_from_db()
    assert oli.status == Membership.Status.SUSPENDED


def test_a_put_of_another_address_does_not_touch_an_owner(
    idp: Directory, ada: Membership, row_of: RowOf
) -> None:
    """A stolen directory token and an account of one's own must not make an owner."""
    told = idp.add("ada")

    idp.call("PUT", f"/Users/{told['id']}", idp.person("mallory", userName="mallory@acme.test"))

    ada.refresh_from_db()
    assert (ada.email, ada.name) == ("ada@acme.test", "Ada Okafor")


def test_a_deactivation_twice_files_one_request(idp: Directory) -> None:
    erin = idp.add("erin")

    idp.patch(f"/Users/{erin['id']}", OFF)
    status, _ = idp.patch(f"/Users/{erin['id']}", OFF)

    assert status == 200
    assert Ticket.objects.count() == 1


def test_a_member_whose_access_an_admin_revoked_is_not_let_in_by_a_change_of_name(
    idp: Directory, row_of: RowOf, ada: Membership
) -> None:
    erin = idp.add("erin")
    member = member_of(row_of, erin)
    actor = system_actor(ada.organization)
    file_revocation(member, actor=actor, at=now())

    idp.patch(f"/Users/{erin['id']}", {"op": "replace", "path": "title", "value": "Boss"})

    member.refresh_from_db()
    assert member.status == Membership.Status.SUSPENDED
