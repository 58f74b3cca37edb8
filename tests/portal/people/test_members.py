"""Members: who sees whom, and roles that nobody raises for themselves."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from tenants.access import Actor
from tenants.actions.teams import add_team_member, create_team
from tenants.models import Membership
from tests.racing import race

ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]


def _role(client: Client, member: Membership, role: str, *, version: int | None = None) -> str:
    """Post the form of the member's page, and its preview; what the last page says."""
    member.refresh_from_db()
    data = {"role": role, "version": version or member.version}
    address = f"/o/acme/members/{member.pk}/role/"
    said = client.post(address, data, follow=True).content.decode()
    shown = re.search(r'name="effect" value="([0-9a-f]+)"', said)
    if shown is None:
        return said
    return client.post(address, {**data, "effect": shown[1]}, follow=True).content.decode()


@pytest.mark.django_db
class TestTheList:
    def test_filters_by_name_role_and_team(
        self,
        ada: Membership,
        mia: Membership,
        max_: Membership,
        actor_of: ActorOf,
        client_of: ClientOf,
        at: object,
    ) -> None:
        team = create_team(actor=actor_of(ada), at=at, name="Finance")
        add_team_member(team, actor=actor_of(ada), membership=max_)
        client = client_of(ada)

        def names(query: str) -> set[str]:
            page = client.get(f"/o/acme/members/?{query}")
            return {row.name.split()[0] for row in page.context["page"].rows}

        assert names("") == {"Ada", "Max", "Mia"}
        assert names("q=cast") == {"Mia"}
        assert names("role=admin") == {"Max"}
        assert names(f"team={team.pk}") == {"Max"}
        assert names("status=revoked") == set()

    def test_a_private_team_stays_private(
        self,
        ada: Membership,
        sia: Membership,
        mia: Membership,
        actor_of: ActorOf,
        client_of: ClientOf,
        at: object,
    ) -> None:
        team = create_team(actor=actor_of(ada), at=at, name="Merger", visibility="private")
        add_team_member(team, actor=actor_of(ada), membership=mia)
        # Whoever reads the audit log reads all of it; everybody else never hears of the team.
        Membership.objects.filter(pk=sia.pk).update(role="editor")
        client = client_of(sia)

        for address in ("members/", f"members/{mia.pk}/", "teams/"):
            assert b"Merger" not in client.get(f"/o/acme/{address}").content
        assert client.get(f"/o/acme/teams/{team.pk}/").status_code == 404
        assert client.post(f"/o/acme/teams/{team.pk}/join/").status_code == 404

    def test_a_persons_page_leads_to_revoking(
        self, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        page = client_of(ada).get(f"/o/acme/members/{mia.pk}/").content.decode()

        assert f"/o/acme/requests/revoke/?member={mia.pk}" in page


@pytest.mark.django_db
class TestRoles:
    def test_an_admin_makes_a_viewer_an_editor(
        self, ada: Membership, max_: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        assert "is now Editor" in _role(client_of(max_), mia, "editor")

    def test_nobody_gives_what_they_lack_or_raises_themselves(
        self, ada: Membership, max_: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(max_)

        _role(client, mia, "owner")
        _role(client, max_, "owner")
        _role(client, ada, "viewer")

        for member, role in ((mia, "viewer"), (max_, "admin"), (ada, "owner")):
            member.refresh_from_db()
            assert member.role == role

    def test_the_last_owner_stays_owner(self, ada: Membership, client_of: ClientOf) -> None:
        said = _role(client_of(ada), ada, "viewer")

        assert "last owner" in said
        ada.refresh_from_db()
        assert ada.role == "owner"

    def test_a_stale_page_changes_nothing(
        self, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        _role(client, mia, "editor")

        said = _role(client, mia, "admin", version=1)

        assert "changed meanwhile" in said
        mia.refresh_from_db()
        assert mia.role == "editor"


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one(
    ada: Membership, max_: Membership, client_of: ClientOf
) -> None:
    Membership.objects.filter(pk=max_.pk).update(role="owner")
    one, other = client_of(ada), client_of(max_)
    attempts = [lambda: _role(one, ada, "viewer"), lambda: _role(other, max_, "viewer")]

    race(attempts, organization_id=ada.organization_id)

    assert Membership.objects.filter(role="owner").count() == 1
