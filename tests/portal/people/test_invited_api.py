"""Invitations that are out, changed over the API."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from tenants.access import Actor
from tenants.actions.roles import create_role
from tenants.models import Invitation, InvitationTeam, Membership, Team
from tenants.permissions import Permission
from tenants.scoping import organization_scope
from tests.portal.people.test_invited import Inviting, inviting, team  # noqa: F401
from tests.portal.rest.conftest import Caller, caller_of, fresh_limits, problem  # noqa: F401

pytestmark = pytest.mark.django_db
Calling = Callable[..., Caller]


def test_one_is_changed_and_keeps_its_link(
    ada: Membership,
    team: Team,  # noqa: F811
    inviting: Inviting,  # noqa: F811
    caller_of: Calling,  # noqa: F811
) -> None:
    nia, caller = inviting("nia"), caller_of(ada)

    answer = caller.patch(f"invitations/{nia.pk}", {"role": "editor", "teams": [str(team.pk)]})
    changed = json.loads(answer.content)

    assert (answer.status_code, changed["role"]) == (200, "editor")
    assert [each["name"] for each in changed["teams"]] == ["Finance"]
    emptied = json.loads(caller.patch(f"invitations/{nia.pk}", {"teams": []}).content)
    assert (emptied["role"], emptied["teams"]) == ("editor", [])
    assert Invitation.objects.get(pk=nia.pk).version == 1
    assert len(json.loads(caller.get("invitations?role=editor&q=nia").content)["results"]) == 1
    problem(caller.get("invitations?role=king"), 422)


def test_a_role_made_in_the_workspace_is_given_from_the_start(
    ada: Membership,
    max_: Membership,
    ned: Membership,
    actor_of: Callable[..., Actor],
    caller_of: Calling,  # noqa: F811
) -> None:
    reads, closes = [Permission.AUDIT_VIEW], [Permission.ORGANIZATION_MANAGE]
    keeper = create_role(actor=actor_of(ada), name="Keeper", permissions=reads)
    owners = create_role(actor=actor_of(ada), name="Closer", permissions=closes)
    with organization_scope(ned.organization_id):
        foreign = create_role(actor=actor_of(ned), name="Keeper", permissions=reads)

    answer = caller_of(max_).post(
        "invitations", {"email": "nia@acme.test", "role": f"custom:{keeper.pk}"}
    )

    assert answer.status_code == 201, answer.content
    assert json.loads(answer.content)["role_label"] == "Keeper"
    assert Invitation.objects.get().custom_role == keeper
    for unknown in (f"custom:{foreign.pk}", "custom:1", "king", "support_lead"):
        asked = {"email": "ben@acme.test", "role": unknown}
        assert problem(caller_of(max_).post("invitations", asked), 422)["errors"]
    beyond = {"email": "ben@acme.test", "role": f"custom:{owners.pk}"}
    problem(caller_of(max_).post("invitations", beyond), 403)
    assert Invitation.objects.count() == 1


def test_what_does_not_hold_is_refused(
    ada: Membership,
    max_: Membership,
    mia: Membership,
    ned: Membership,
    inviting: Inviting,  # noqa: F811
    caller_of: Calling,  # noqa: F811
    at: datetime,
) -> None:
    nia, owner = inviting("nia"), inviting("owner", "owner")
    used = inviting("used")
    Invitation.objects.filter(pk=used.pk).update(accepted_at=at)
    caller, where = caller_of(ada), f"invitations/{nia.pk}"

    for wrong in ({}, {"role": "king"}, {"role": "custom:1"}, {"teams": [str(ned.pk)]}):
        problem(caller.patch(where, wrong), 422)
    problem(caller.patch(f"invitations/{used.pk}", {"role": "editor"}), 409)
    problem(caller.patch(f"invitations/{ned.pk}", {"role": "editor"}), 404)
    problem(caller_of(max_).patch(where, {"role": "owner"}), 403)
    problem(caller_of(max_).patch(f"invitations/{owner.pk}", {"role": "viewer"}), 403)
    problem(caller_of(mia).patch(where, {"role": "editor"}), 403)
    problem(caller_of(ned).patch(where, {"role": "viewer"}), 404)
    assert Invitation.objects.get(pk=nia.pk).role == "viewer"


def test_many_are_changed_as_the_dry_run_said(
    ada: Membership,
    team: Team,  # noqa: F811
    inviting: Inviting,  # noqa: F811
    caller_of: Calling,  # noqa: F811
) -> None:
    caller = caller_of(ada)
    placed = inviting("placed", teams=[team])
    chosen = [str(one.pk) for one in (inviting("ana"), placed)]
    asked = {"invitations": chosen, "do": "team_add", "team": str(team.pk)}

    dry = json.loads(caller.post("invitations/bulk", asked).content)
    assert (dry["done"], InvitationTeam.objects.count()) == (False, 1)
    assert [line["is_changed"] for line in dry["lines"]] == [True, False]
    problem(caller.post("invitations/bulk", {**asked, "digest": "x"}), 412)
    done = json.loads(caller.post("invitations/bulk", {**asked, "digest": dry["digest"]}).content)

    assert done["done"]
    assert InvitationTeam.objects.count() == 2
    problem(caller.post("invitations/bulk", {**asked, "team": None}), 422)
    problem(caller.post("invitations/bulk", {**asked, "invitations": [str(ada.pk)]}), 422)
    king = {"invitations": chosen, "do": "role", "role": "king"}
    problem(caller.post("invitations/bulk", king), 422)
