"""What being in a group gives: teams and roles, never more than the admin holds, never an owner."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.refusals import Invalid, NotPermitted, Refusal, StaleVersion
from portal.directory.actions import map_group
from portal.directory.mapping import effects_of_mapping
from portal.directory.models import DirectoryGroup, DirectoryHold, DirectoryUser
from tenants.access import Actor
from tenants.actions.roles import (
    RoleGivenByProvider,
    RoleHeld,
    change_role,
    create_role,
    delete_role,
    edit_role,
)
from tenants.actions.teams import create_team, remove_team_member
from tenants.clock import now
from tenants.models import ManagedBy, Membership, Role, Team, TeamMember
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member
from tests.portal.directory.conftest import Directory

RowOf = Callable[[Any], DirectoryUser]
ActorOf = Callable[..., Actor]


@pytest.fixture
def team(ada: Membership, actor_of: ActorOf, at: datetime) -> Team:
    return create_team(actor=actor_of(ada), at=at, name="Finance")


def mapped(name: str, actor: Actor, *, role: str = "", team: Team | None = None) -> DirectoryGroup:
    group: DirectoryGroup = DirectoryGroup.objects.get(display_name=name)
    return map_group(group, actor=actor, role=role, team=team, version=group.version)


def member_of(row_of: RowOf, told: Any) -> Membership:
    member = row_of(told).membership
    assert member is not None
    return member


def test_a_mapping_counts_for_who_is_in_and_for_who_comes(
    idp: Directory, ada: Membership, actor_of: ActorOf, team: Team, row_of: RowOf
) -> None:
    ann, ben = idp.add("ann"), idp.add("ben")
    told = idp.add_group("Analysts", ann)

    mapped("Analysts", actor_of(ada), role="editor", team=team)
    idp.patch(
        f"/Groups/{told['id']}",
        {"op": "Add", "path": "members", "value": [{"value": ben["id"]}]},
    )

    for one in (ann, ben):
        member = member_of(row_of, one)
        assert (member.role, member.role_managed_by) == ("editor", ManagedBy.DIRECTORY)
        place = TeamMember.objects.get(membership=member)
        assert (place.team, place.managed_by) == (team, ManagedBy.DIRECTORY)


def test_who_leaves_the_group_gets_the_default_role_and_leaves_the_team(
    idp: Directory, ada: Membership, actor_of: ActorOf, team: Team, row_of: RowOf
) -> None:
    """mcp-context-forge only ever raised: a demotion must sync too."""
    ann = idp.add("ann")
    told = idp.add_group("Analysts", ann)
    mapped("Analysts", actor_of(ada), role="editor", team=team)

    idp.patch(f"/Groups/{told['id']}", {"op": "remove", "path": "members"})

    member = member_of(row_of, ann)
    assert (member.role, member.role_managed_by) == ("viewer", "")
    assert not TeamMember.objects.filter(membership=member).exists()


def test_the_widest_of_several_groups_counts_until_it_is_left(
    idp: Directory, ada: Membership, actor_of: ActorOf, row_of: RowOf
) -> None:
    ann, other = idp.add("ann"), idp.add("ben")
    idp.add_group("Analysts", ann)
    wide = idp.add_group("Guards", ann, other)
    mapped("Analysts", actor_of(ada), role="editor")
    mapped("Guards", actor_of(ada), role="security_officer")
    assert member_of(row_of, ann).role == "security_officer"

    idp.patch(f"/Groups/{wide['id']}", {"op": "remove", "path": f'members[value eq "{ann["id"]}"]'})

    assert member_of(row_of, ann).role == "editor"


def test_what_people_gave_by_hand_stays(
    idp: Directory, ada: Membership, actor_of: ActorOf, team: Team, row_of: RowOf
) -> None:
    ann = idp.add("ann")
    member = member_of(row_of, ann)
    TeamMember.objects.create(team=team, membership=member)
    told = idp.add_group("Analysts", ann)
    mapped("Analysts", actor_of(ada), team=team)

    idp.call("DELETE", f"/Groups/{told['id']}")

    assert TeamMember.objects.get(membership=member).managed_by == ManagedBy.PEOPLE


@pytest.mark.parametrize("name", ["owner", "Owners", "admin", "role:owner", "gatehouse-owner"])
def test_a_groups_name_alone_gives_nothing(idp: Directory, row_of: RowOf, name: str) -> None:
    ann = idp.add(
        "ann", roles=[{"value": "owner", "primary": True}], userType="owner", role="owner"
    )

    idp.add_group(name, ann)

    member = member_of(row_of, ann)
    assert (member.role, member.custom_role) == ("viewer", None)


def test_no_mapping_makes_an_owner(idp: Directory, ada: Membership, actor_of: ActorOf) -> None:
    idp.add_group("Owners")

    with pytest.raises(Invalid):
        mapped("Owners", actor_of(ada), role="owner")


def test_an_owner_in_a_mapped_group_stays_owner(
    idp: Directory, ada: Membership, actor_of: ActorOf, row_of: RowOf
) -> None:
    told = idp.add("ada")
    group = idp.add_group("Everybody", told)
    mapped("Everybody", actor_of(ada), role="viewer")
    idp.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})

    assert member_of(row_of, told).role == BuiltInRole.OWNER


def test_nobody_maps_what_they_lack(
    idp: Directory, ada: Membership, actor_of: ActorOf, team: Team
) -> None:
    """The right to set up single sign-on is no way to a wider role."""
    idp.add_group("Guards")
    small = make_member(ada.organization, "Sso Admin", BuiltInRole.ADMIN)
    actor = actor_of(small)
    Team.objects.filter(pk=team.pk).update(permissions=["organization:manage"])
    team.refresh_from_db()

    with pytest.raises(NotPermitted):
        mapped("Guards", actor, team=team)


def test_a_mapping_that_was_looked_at_too_long_ago_is_not_saved(
    idp: Directory, ada: Membership, actor_of: ActorOf
) -> None:
    idp.add_group("Guards")
    group = DirectoryGroup.objects.get()

    with pytest.raises(StaleVersion):
        map_group(group, actor=actor_of(ada), role="viewer", team=None, version=99)


def test_the_preview_tells_what_saving_then_does(
    idp: Directory, ada: Membership, actor_of: ActorOf, team: Team, row_of: RowOf
) -> None:
    ann, owner = idp.add("ann"), idp.add("ada")
    idp.add_group("Analysts", ann, owner)

    preview = effects_of_mapping(DirectoryGroup.objects.get(), role="editor", team=team)

    assert [(line.text, line.names) for line in preview.role_lines] == [
        ("Viewer → Editor", ["Ann Vos"])
    ]
    assert sorted(preview.joins) == ["Ada Okafor", "Ann Vos"]
    assert preview.owners == ["Ada Okafor"]


def test_what_the_directory_decides_is_not_edited_here(
    idp: Directory, ada: Membership, actor_of: ActorOf, team: Team, row_of: RowOf
) -> None:
    ann = idp.add("ann")
    idp.add_group("Analysts", ann)
    mapped("Analysts", actor_of(ada), role="editor", team=team)
    member = member_of(row_of, ann)

    with pytest.raises(Refusal, match="directory"):
        change_role(member, actor=actor_of(ada), at=now(), role="admin")
    with pytest.raises(Refusal, match="directory"):
        remove_team_member(team, actor=actor_of(ada), membership=member)
    assert member_of(row_of, ann).role == "editor"


class TestRolesMadeHere:
    @pytest.fixture
    def keeper(self, ada: Membership, actor_of: ActorOf) -> Role:
        permissions = ["member:view", "audit:view", "team:view", "catalog:view"]
        return create_role(actor=actor_of(ada), name="Keeper", permissions=permissions)

    def test_a_group_gives_one_and_takes_it_back(
        self, idp: Directory, ada: Membership, actor_of: ActorOf, keeper: Role, row_of: RowOf
    ) -> None:
        ann = idp.add("ann")
        told = idp.add_group("Keepers", ann)
        name = f"custom:{keeper.pk}"
        shown = effects_of_mapping(DirectoryGroup.objects.get(), role=name, team=None)
        assert [line.text for line in shown.role_lines] == ["Viewer → Keeper"]

        mapped("Keepers", actor_of(ada), role=name)
        member = member_of(row_of, ann)
        assert (member.custom_role, member.role_managed_by) == (keeper, ManagedBy.DIRECTORY)

        idp.patch(f"/Groups/{told['id']}", {"op": "remove", "path": "members"})
        held = DirectoryHold.objects.filter(status="waiting")
        assert held.count() == 1

    def test_the_widest_counts_whether_built_in_or_made_here(
        self, idp: Directory, ada: Membership, actor_of: ActorOf, keeper: Role, row_of: RowOf
    ) -> None:
        ann = idp.add("ann")
        for name in ("Keepers", "Viewers", "Admins"):
            idp.add_group(name, ann)
        mapped("Viewers", actor_of(ada), role="viewer")
        mapped("Keepers", actor_of(ada), role=f"custom:{keeper.pk}")
        assert member_of(row_of, ann).custom_role == keeper
        mapped("Admins", actor_of(ada), role="admin")
        member = member_of(row_of, ann)
        assert (member.custom_role, member.role) == (None, "admin")
        mapped("Admins", actor_of(ada))
        mapped("Keepers", actor_of(ada))
        assert member_of(row_of, ann).role == "viewer"

    def test_nobody_maps_to_more_than_they_hold_nor_to_an_owners_rights(
        self, idp: Directory, ada: Membership, max_: Membership, ned: Membership, actor_of: ActorOf
    ) -> None:
        idp.add_group("Guards")
        owners = create_role(
            actor=actor_of(ada), name="Closers", permissions=["organization:manage"]
        )
        small = create_role(
            actor=actor_of(ada), name="Sso only", permissions=["sso:manage", "sso:view"]
        )
        wide = create_role(actor=actor_of(ada), name="Wide", permissions=["member:manage"])
        with organization_scope(ned.organization_id):
            foreign = create_role(actor=actor_of(ned), name="Theirs", permissions=["member:view"])
        change_role(max_, actor=actor_of(ada), at=now(), custom_role=small)
        max_.refresh_from_db()

        with pytest.raises(NotPermitted):
            mapped("Guards", actor_of(max_), role=f"custom:{wide.pk}")
        for role in (f"custom:{owners.pk}", f"custom:{foreign.pk}", "custom:x", "emperor"):
            with pytest.raises(Invalid):
                mapped("Guards", actor_of(ada), role=role)
        assert DirectoryGroup.objects.get().role_name == ""

    def test_a_mapped_role_is_not_deleted_and_gets_nothing_of_the_owners(
        self, idp: Directory, ada: Membership, actor_of: ActorOf, keeper: Role
    ) -> None:
        idp.add_group("Keepers")
        mapped("Keepers", actor_of(ada), role=f"custom:{keeper.pk}")

        with pytest.raises(RoleHeld, match="groups of the directory: 1"):
            delete_role(keeper, actor=actor_of(ada))
        with pytest.raises(RoleGivenByProvider):
            edit_role(
                keeper,
                actor=actor_of(ada),
                version=1,
                permissions=["member:view", "organization:manage"],
            )
        mapped("Keepers", actor_of(ada))
        delete_role(keeper, actor=actor_of(ada))

    def test_the_page_offers_it_and_names_it(
        self, idp: Directory, ada: Membership, keeper: Role, client_of: Callable[..., Client]
    ) -> None:
        idp.add_group("Keepers")
        group, client = DirectoryGroup.objects.get(), client_of(ada)
        name = f"custom:{keeper.pk}"
        slug = ada.organization.slug
        where = reverse("directory-group-show", args=[slug, group.pk])
        assert name in client.get(where).content.decode()
        data = {"role": name, "team": "", "version": group.version}
        client.post(reverse("directory-group-map", args=[slug, group.pk]), data)
        group.refresh_from_db()
        assert group.custom_role == keeper
        listed = client.get(reverse("directory-group-list", args=[slug])).content.decode()
        assert "Keeper" in listed
