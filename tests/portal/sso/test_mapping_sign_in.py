"""What an identity provider says of groups becomes a role and teams, at every sign-in."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.names import EventName
from portal.sso.actions import close_identities
from portal.sso.actions.mapping import remove_mapping
from portal.sso.models import ClaimMapping, ParkedSignIn, SeenClaims
from tenants.access import Actor, system_actor
from tenants.actions.roles import RoleManaged, change_role
from tenants.actions.teams import (
    PlaceManaged,
    add_team_member,
    create_team,
    remove_team_member,
)
from tenants.models import Entry, ManagedBy, Membership, Organization, Team, TeamMember
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.mapping import arrive, map_roles, map_teams, post, response_with

pytestmark = pytest.mark.django_db


def erin() -> Membership:
    found: Membership = Membership.objects.get(email="erin@acme.test")
    return found


def teams_of(member: Membership) -> set[str]:
    return set(TeamMember.objects.filter(membership=member).values_list("team__name", flat=True))


@pytest.fixture
def team(organization: Organization) -> Callable[[str], Team]:
    def make(name: str) -> Team:
        return create_team(actor=system_actor(organization), at=timezone.now(), name=name)

    return make


def test_a_group_gives_its_role_at_the_first_sign_in(browser: Browser, acme_idp: Idp) -> None:
    map_roles(acme_idp, Editors="editor", Admins="admin")

    response = arrive(browser, acme_idp, ["Everyone", "Editors", "Admins"])

    assert response["Location"] == "/o/acme/"
    assert (erin().role, erin().role_managed_by) == ("admin", ManagedBy.CONNECTION)


def test_leaving_the_group_takes_the_role_away_at_the_next_sign_in(
    browser: Browser, acme_idp: Idp
) -> None:
    """Elsewhere a sign-in only ever raised; the demoted admin stayed one."""
    map_roles(acme_idp, Admins="admin")
    arrive(browser, acme_idp, ["Admins"])

    arrive(browser, acme_idp, ["Everyone"])

    assert erin().role == "viewer"
    changed = Event.objects.filter(name=EventName.MEMBER_ROLE_CHANGED).order_by("-id")
    assert changed[0].facts["after"] == "viewer"
    assert changed[0].facts["reason"] == "single sign-on"
    assert Entry.objects.open().filter(membership=erin()).exists()


def test_a_demotion_counts_at_once_in_a_session_that_goes_on(
    browser: Browser, new_browser: Callable[[], Browser], acme_idp: Idp
) -> None:
    map_roles(acme_idp, Admins="admin")
    arrive(browser, acme_idp, ["Admins"])
    assert browser.get("/o/acme/invitations/").status_code == 200

    arrive(new_browser(), acme_idp, [])

    assert browser.get("/o/acme/invitations/").status_code == 403


def test_a_claim_that_did_not_come_changes_nothing(browser: Browser, acme_idp: Idp) -> None:
    map_roles(acme_idp, Admins="admin")
    arrive(browser, acme_idp, ["Admins"])

    arrive(browser, acme_idp, None)

    assert erin().role == "admin"
    assert SeenClaims.objects.get().claims == {}


def test_an_empty_claim_leaves_the_default_role_and_no_managed_team(
    browser: Browser, acme_idp: Idp, team: Callable[[str], Team]
) -> None:
    map_roles(acme_idp, Admins="admin")
    map_teams(acme_idp, Admins=team("Finance"))
    arrive(browser, acme_idp, ["Admins"])
    assert teams_of(erin()) == {"Finance"}

    arrive(browser, acme_idp, [""])

    assert erin().role == "viewer"
    assert teams_of(erin()) == set()
    assert SeenClaims.objects.get().claims == {"groups": []}


def test_teams_follow_the_groups_and_leave_alone_what_people_decided(
    browser: Browser, acme_idp: Idp, team: Callable[[str], Team], organization: Organization
) -> None:
    finance, legal, chess = team("Finance"), team("Legal"), team("Chess")
    map_teams(acme_idp, fin=finance, law=legal)
    arrive(browser, acme_idp, ["fin"])
    add_team_member(chess, actor=system_actor(organization), membership=erin())

    arrive(browser, acme_idp, ["law"])

    assert teams_of(erin()) == {"Legal", "Chess"}
    names = list(Event.objects.order_by("id").values_list("name", flat=True))
    assert names.count(EventName.TEAM_MEMBER_REMOVED) == 1


def test_additive_teams_are_joined_and_never_left(
    browser: Browser, acme_idp: Idp, team: Callable[[str], Team]
) -> None:
    map_teams(acme_idp, authoritative=False, fin=team("Finance"), law=team("Legal"))

    arrive(browser, acme_idp, ["fin"])
    arrive(browser, acme_idp, ["law"])

    assert teams_of(erin()) == {"Finance", "Legal"}
    assert not TeamMember.objects.exclude(managed_by=ManagedBy.PEOPLE).exists()


def test_an_additive_role_is_raised_and_never_lowered_nor_locked(
    browser: Browser, acme_idp: Idp
) -> None:
    map_roles(acme_idp, authoritative=False, Editors="editor", Auditors="auditor")

    arrive(browser, acme_idp, ["Editors"])
    assert (erin().role, erin().role_managed_by) == ("editor", ManagedBy.PEOPLE)

    arrive(browser, acme_idp, ["Auditors"])  # may not do all that an editor may
    assert erin().role == "editor"


def test_entra_groups_are_found_whatever_the_capitals_of_their_id(
    browser: Browser, acme_idp: Idp
) -> None:
    group = str(uuid4())
    map_roles(acme_idp, **{group.upper(): "auditor"})

    arrive(browser, acme_idp, [group])

    assert erin().role == "auditor"


def test_names_of_groups_are_told_apart_by_their_capitals(browser: Browser, acme_idp: Idp) -> None:
    map_roles(acme_idp, Admins="admin")

    arrive(browser, acme_idp, ["ADMINS"])

    assert erin().role == "viewer"


def test_an_owner_stays_owner_and_nobody_becomes_one(
    browser: Browser, acme_idp: Idp, ada: Membership
) -> None:
    map_roles(acme_idp, Editors="editor")

    arrive(browser, acme_idp, ["Editors"], email=ada.email, subject="ada-1")

    ada.refresh_from_db()
    assert (ada.role, ada.role_managed_by) == ("owner", ManagedBy.PEOPLE)


def test_a_refused_sign_in_applies_nothing(
    browser: Browser, acme_idp: Idp, team: Callable[[str], Team]
) -> None:
    map_roles(acme_idp, Admins="admin")

    response = arrive(browser, acme_idp, ["Admins"], email="erin@elsewhere.test")

    assert response.status_code == 403
    assert not SeenClaims.objects.exists()


def test_what_the_provider_decides_nobody_edits_here(
    browser: Browser,
    acme_idp: Idp,
    ada: Membership,
    actor_of: Callable[..., Actor],
    client_of: Callable[..., Client],
    team: Callable[[str], Team],
    at: datetime,
) -> None:
    finance = team("Finance")
    map_roles(acme_idp, Admins="admin")
    map_teams(acme_idp, Admins=finance)
    arrive(browser, acme_idp, ["Admins"])
    actor = actor_of(ada)

    with pytest.raises(RoleManaged, match="decided by single sign-on"):
        change_role(erin(), actor=actor, at=at, role="viewer")
    with pytest.raises(PlaceManaged, match="decided by single sign-on"):
        remove_team_member(finance, actor=actor, membership=erin())

    page = client_of(ada).get(f"/o/acme/members/{erin().pk}/").content.decode()
    assert "decided by single sign-on" in page
    assert "member-role-change" not in page
    posted = client_of(ada).post(
        f"/o/acme/members/{erin().pk}/role/", {"role": "viewer", "version": erin().version}
    )
    assert posted.status_code == 302
    assert erin().role == "admin"


def test_without_the_mapping_people_decide_again(
    browser: Browser,
    acme_idp: Idp,
    ada: Membership,
    actor_of: Callable[..., Actor],
    at: datetime,
) -> None:
    map_roles(acme_idp, Admins="admin")
    arrive(browser, acme_idp, ["Admins"])
    actor = actor_of(ada)

    remove_mapping(ClaimMapping.objects.get(), actor=actor, version=1)

    assert (erin().role, erin().role_managed_by) == ("admin", ManagedBy.PEOPLE)
    change_role(erin(), actor=actor, at=at, role="viewer")
    arrive(browser, acme_idp, ["Admins"])
    assert erin().role == "viewer"


def test_an_additive_mapping_lets_go_of_what_the_authoritative_one_held(
    browser: Browser, acme_idp: Idp, team: Callable[[str], Team]
) -> None:
    finance = team("Finance")
    map_teams(acme_idp, fin=finance)
    arrive(browser, acme_idp, ["fin"])

    map_teams(acme_idp, authoritative=False, version=1, fin=finance)

    assert TeamMember.objects.get().managed_by == ManagedBy.PEOPLE


def test_one_organization_gives_nothing_in_another(
    browser: Browser, acme_idp: Idp, globex_idp: Idp, ned: Membership
) -> None:
    """A consultant's role at one customer says nothing about the other."""
    map_roles(acme_idp, Admins="admin")

    arrive(browser, acme_idp, ["Admins"])

    assert ned.role == "owner"
    assert set(SeenClaims.objects.values_list("membership_id", flat=True)) == {erin().pk}


def test_whose_access_was_taken_away_leaves_no_groups_behind(
    browser: Browser, acme_idp: Idp, organization: Organization, at: datetime
) -> None:
    arrive(browser, acme_idp, ["Admins"])
    assert SeenClaims.objects.exists()

    close_identities(erin(), actor=system_actor(organization), at=at)

    assert not SeenClaims.objects.exists()


def test_nothing_about_the_person_is_kept(browser: Browser, acme_idp: Idp) -> None:
    arrive(browser, acme_idp, ["Admins"])

    kept: dict[str, Any] = SeenClaims.objects.get().claims
    assert kept == {"groups": ["Admins"]}


@pytest.mark.parametrize("number", [130, 250, 900])
def test_hundreds_of_groups_come_through_though_no_cookie_holds_them(
    browser: Browser, acme_idp: Idp, number: int
) -> None:
    """Entra's group IDs alone are larger than a cookie may be, and the browser dropped it."""
    groups = [str(uuid4()) for _ in range(number)]
    map_roles(acme_idp, **{groups[-1]: "auditor"})
    asked = browser.begin(acme_idp)

    posted = post(browser, acme_idp, response_with(acme_idp, asked.id, groups))
    cookie = posted.cookies["gatehouse-parked"]
    assert len(cookie.OutputString()) < 4096
    assert groups[0] not in ParkedSignIn.objects.get().sealed

    assert browser.get(posted["Location"])["Location"] == "/o/acme/"
    assert erin().role == "auditor"
    assert not ParkedSignIn.objects.exists()


def test_claims_that_are_gone_sign_nobody_in(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)
    groups = [str(uuid4()) for _ in range(300)]
    posted = post(browser, acme_idp, response_with(acme_idp, asked.id, groups))
    ParkedSignIn.objects.all().delete()

    assert browser.get(posted["Location"]).status_code == 403
    assert not browser.is_signed_in
