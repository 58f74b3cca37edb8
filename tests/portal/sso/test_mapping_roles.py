"""Claims that stand for a role made in the workspace."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from audit.refusals import Invalid, NotPermitted
from portal.sso.actions.mapping import MappingFacts, RuleFacts, set_mapping
from portal.sso.models import ClaimRule, SeenClaims
from portal.sso.previewing import candidate, preview
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.actions.roles import (
    RoleGivenByProvider,
    RoleHeld,
    change_role,
    create_role,
    delete_role,
    edit_role,
)
from tenants.models import ManagedBy, Membership, Role
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole
from tenants.scoping import organization_scope
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.mapping import arrive, map_roles

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]


@pytest.fixture
def keeper(ada: Membership, actor_of: ActorOf) -> Role:
    permissions = [*ROLE_PERMISSIONS[BuiltInRole.VIEWER], "audit:view", "member:view"]
    return create_role(actor=actor_of(ada), name="Keeper", permissions=permissions)


def name_of(role: Role) -> str:
    return f"custom:{role.pk}"


def erin() -> Membership:
    rows = Membership.objects.select_related("custom_role")
    found: Membership = rows.get(email="erin@acme.test")
    return found


def wanted(role: str) -> MappingFacts:
    rules = [RuleFacts("Keepers", role=role)]
    return MappingFacts("role", "groups", is_authoritative=True, rules=rules)


def test_a_group_gives_it_and_leaving_the_group_takes_it(
    browser: Browser, acme_idp: Idp, keeper: Role
) -> None:
    map_roles(acme_idp, Keepers=name_of(keeper))

    arrive(browser, acme_idp, ["Keepers"])
    assert (erin().custom_role, erin().role_managed_by) == (keeper, ManagedBy.CONNECTION)
    arrive(browser, acme_idp, ["Keepers"])
    assert erin().custom_role == keeper

    arrive(browser, acme_idp, ["Everyone"])
    assert (erin().custom_role, erin().role) == (None, "viewer")


def test_of_several_the_widest_counts(browser: Browser, acme_idp: Idp, keeper: Role) -> None:
    map_roles(acme_idp, Keepers=name_of(keeper), Admins="admin", Viewers="viewer")
    arrive(browser, acme_idp, ["Keepers", "Viewers"])
    assert erin().custom_role == keeper
    arrive(browser, acme_idp, ["Keepers", "Admins"])
    assert (erin().custom_role, erin().role) == (None, "admin")


def test_an_additive_rule_only_raises(browser: Browser, acme_idp: Idp, keeper: Role) -> None:
    map_roles(acme_idp, authoritative=False, Keepers=name_of(keeper))
    arrive(browser, acme_idp, ["Keepers"])
    assert (erin().custom_role, erin().role_managed_by) == (keeper, ManagedBy.PEOPLE)
    arrive(browser, acme_idp, ["Everyone"])
    assert erin().custom_role == keeper


def test_what_the_role_allows_is_read_at_each_sign_in(
    browser: Browser, acme_idp: Idp, keeper: Role, ada: Membership, actor_of: ActorOf
) -> None:
    map_roles(acme_idp, Keepers=name_of(keeper), Viewers="viewer")
    edit_role(keeper, actor=actor_of(ada), version=1, permissions=["catalog:view"])
    arrive(browser, acme_idp, ["Keepers", "Viewers"])
    assert (erin().custom_role, erin().role) == (None, "viewer")


def test_nobody_maps_to_more_than_they_hold_nor_to_an_owners_rights(
    acme_idp: Idp, ada: Membership, max_: Membership, ned: Membership, actor_of: ActorOf,
    at: datetime,
) -> None:  # fmt: skip
    made = {
        name: create_role(actor=actor_of(ada), name=name, permissions=permissions)
        for name, permissions in {
            "Closers": ["organization:manage"],
            "Sso only": ["sso:manage", "sso:view"],
            "Wide": ["member:manage"],
        }.items()
    }
    with organization_scope(ned.organization_id):
        foreign = create_role(actor=actor_of(ned), name="Theirs", permissions=["member:view"])
    change_role(max_, actor=actor_of(ada), at=at, custom_role=made["Sso only"])
    max_.refresh_from_db()

    with pytest.raises(NotPermitted):
        set_mapping(acme_idp.connection, actor=actor_of(max_), wanted=wanted(name_of(made["Wide"])))
    for role in (name_of(made["Closers"]), name_of(foreign), "custom:x", "owner"):
        with pytest.raises(Invalid):
            set_mapping(acme_idp.connection, actor=actor_of(ada), wanted=wanted(role))
    assert not ClaimRule.objects.exists()


def test_a_mapped_role_is_not_deleted_and_gets_nothing_of_the_owners(
    acme_idp: Idp, keeper: Role, ada: Membership, actor_of: ActorOf
) -> None:
    map_roles(acme_idp, Keepers=name_of(keeper))

    with pytest.raises(RoleHeld, match="values of a claim: 1"):
        delete_role(keeper, actor=actor_of(ada))
    with pytest.raises(RoleGivenByProvider):
        edit_role(keeper, actor=actor_of(ada), version=1, permissions=["organization:manage"])
    map_roles(acme_idp, version=1)
    delete_role(keeper, actor=actor_of(ada))


def test_a_role_that_came_to_hold_an_owners_rights_is_given_to_nobody(
    browser: Browser, acme_idp: Idp, keeper: Role
) -> None:
    """By whatever way: the refusal stands in front of it, and this behind it."""
    map_roles(acme_idp, Keepers=name_of(keeper))
    Role.objects.filter(pk=keeper.pk).update(permissions=["organization:manage"])
    arrive(browser, acme_idp, ["Keepers"])
    assert (erin().custom_role, erin().role) == (None, "viewer")


def test_the_preview_and_the_pages_name_it(
    acme_idp: Idp, keeper: Role, ada: Membership, mia: Membership, at: datetime, actor_of: ActorOf,
    client_of: Callable[..., Client],
) -> None:  # fmt: skip
    claims = {"groups": ["Keepers"]}
    SeenClaims.objects.remember(acme_idp.connection, mia, claims, at=timezone.now())
    mappings = candidate(acme_idp.connection, wanted(name_of(keeper)))
    shown = preview(acme_idp.connection, mappings, at=at, actor=actor_of(ada))
    assert [(e.before, e.after) for e in shown.effects] == [("Viewer", "Keeper")]

    client, where = client_of(ada), f"/o/acme/sso/{acme_idp.connection.pk}/mapping/"
    form = {
        "claim": "groups", "mode": "authoritative", "version": 0, "do": "save",
        "rule-TOTAL_FORMS": 1, "rule-INITIAL_FORMS": 0,
        "rule-0-value": "Keepers", "rule-0-choice": name_of(keeper),
    }  # fmt: skip
    assert client.post(f"{where}role/", form).status_code == 302
    assert "Keeper" in client.get(where).content.decode()
    assert f'value="{name_of(keeper)}" selected' in client.get(f"{where}role/").content.decode()
    foreign = {**form, "version": 1, "rule-0-choice": "custom:01900000-0000-7000-8000-000000000000"}
    assert client.post(f"{where}role/", foreign).status_code == 422


def test_an_invitation_to_a_role_in_charge_of_sign_in_needs_its_link(
    browser: Browser, acme_idp: Idp, ada: Membership, actor_of: ActorOf, at: datetime
) -> None:
    """Whoever set up the provider could take the place by naming the address that was invited."""
    charge = create_role(
        actor=actor_of(ada), name="In charge", permissions=["sso:manage", "sso:view"]
    )
    send_invitation(actor=actor_of(ada), at=at, email="erin@acme.test", custom_role=charge)
    arrive(browser, acme_idp, None)
    assert not Membership.objects.filter(custom_role=charge).exists()
