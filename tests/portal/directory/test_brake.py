"""A sync that removes too many is held; an admin sees whom, and lets it happen or not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.models import Event
from audit.names import EventName
from audit.refusals import StaleVersion, StepUpNeeded
from portal.directory.actions import dismiss_hold, map_group, release_hold
from portal.directory.actions.holds import HoldDecided
from portal.directory.holding import carry_on
from portal.directory.models import DirectoryGroup, DirectoryHold, DirectoryUser, HeldChange
from portal.directory.rules import BRAKE_FLOOR, HoldStatus, removal_limit
from portal.directory.sweeps import carry_out_released
from portal.tickets.models import Ticket
from portal.ui.waiting import waiting_for
from tenants.access import Actor
from tenants.clock import now, shifted
from tenants.models import Membership
from tests.portal.directory.conftest import Directory

RowOf = Callable[[Any], DirectoryUser]
OFF = {"op": "replace", "value": {"active": False}}
ON = {"op": "replace", "value": {"active": True}}
PEOPLE = BRAKE_FLOOR + 3


@pytest.fixture
def people(idp: Directory) -> list[Any]:
    return [idp.add(f"person{n}") for n in range(PEOPLE)]


@pytest.fixture
def hold(idp: Directory, people: list[Any]) -> DirectoryHold:
    """Everybody is deactivated at once: five go, the rest is held."""
    for one in people:
        idp.patch(f"/Users/{one['id']}", OFF)
    return DirectoryHold.objects.get()


def active() -> int:
    return Membership.objects.filter(status=Membership.Status.ACTIVE, source="scim").count()


@pytest.mark.parametrize(
    ("people", "percent", "limit"), [(0, 10, 5), (50, 10, 5), (51, 10, 6), (3000, 10, 300)]
)
def test_the_limit_is_a_share_and_never_less_than_five(
    people: int, percent: int, limit: int
) -> None:
    assert removal_limit(people, percent) == limit


def test_beyond_the_limit_nobody_loses_access(idp: Directory, hold: DirectoryHold) -> None:
    assert active() == PEOPLE - BRAKE_FLOOR
    assert Ticket.objects.count() == BRAKE_FLOOR
    assert HeldChange.objects.filter(hold=hold).count() == PEOPLE - BRAKE_FLOOR
    assert hold.status == HoldStatus.WAITING
    assert Event.objects.filter(name=EventName.DIRECTORY_HELD).count() == 1


def test_the_identity_provider_is_told_who_is_still_active(
    idp: Directory, people: list[Any], hold: DirectoryHold
) -> None:
    status, told = idp.patch(f"/Users/{people[-1]['id']}", OFF)
    gone, _body, _ = idp.call("DELETE", f"/Users/{people[-1]['id']}")

    assert (status, told["active"], gone) == (200, True, 204)
    assert idp.get(f"/Users/{people[-1]['id']}")["active"] is True
    assert HeldChange.objects.filter(hold=hold).count() == PEOPLE - BRAKE_FLOOR


def test_an_admin_lets_it_happen(
    idp: Directory, ada: Membership, actor_of: Callable[..., Actor], hold: DirectoryHold
) -> None:
    actor = actor_of(ada)
    [item] = [one for one in waiting_for(actor, now()) if "directory" in one.url]
    assert str(PEOPLE - BRAKE_FLOOR) in item.title

    release_hold(hold, actor=actor, at=now(), version=hold.version)
    left = carry_on(DirectoryHold.objects.get(), at=now())

    assert (left, active()) == (0, 0)
    assert Ticket.objects.filter(source="directory").count() == PEOPLE
    assert not DirectoryUser.objects.filter(is_active=True).exists()
    assert [one for one in waiting_for(actor, now()) if "directory" in one.url] == []


def test_a_lost_process_does_not_leave_it_half_done(
    ada: Membership, actor_of: Callable[..., Actor], hold: DirectoryHold
) -> None:
    release_hold(hold, actor=actor_of(ada), at=now(), version=hold.version)

    carry_out_released(now())

    assert active() == 0


def test_an_admin_keeps_everybody(
    ada: Membership, actor_of: Callable[..., Actor], hold: DirectoryHold
) -> None:
    dismiss_hold(hold, actor=actor_of(ada), at=now(), version=hold.version)
    carry_out_released(now())

    assert active() == PEOPLE - BRAKE_FLOOR
    assert not HeldChange.objects.exists()


def test_it_is_decided_once_and_with_a_step_up(
    ada: Membership, actor_of: Callable[..., Actor], hold: DirectoryHold
) -> None:
    with pytest.raises(StepUpNeeded):
        release_hold(hold, actor=actor_of(ada, stepped_up=False), at=now(), version=hold.version)
    with pytest.raises(StaleVersion):
        release_hold(hold, actor=actor_of(ada), at=now(), version=hold.version + 1)
    dismiss_hold(hold, actor=actor_of(ada), at=now(), version=hold.version)
    with pytest.raises(HoldDecided):
        release_hold(hold, actor=actor_of(ada), at=now(), version=hold.version)


def test_the_identity_provider_may_take_it_back(
    idp: Directory, people: list[Any], hold: DirectoryHold
) -> None:
    for one in people[BRAKE_FLOOR:]:
        idp.patch(f"/Users/{one['id']}", ON)

    hold.refresh_from_db()
    assert (hold.status, hold.changes.count()) == (HoldStatus.DISMISSED, 0)


def test_a_change_of_the_name_does_not_take_it_back(
    idp: Directory, people: list[Any], hold: DirectoryHold
) -> None:
    path = f"/Users/{people[-1]['id']}"

    idp.patch(path, {"op": "replace", "path": "title", "value": "Boss"})

    assert hold.changes.count() == PEOPLE - BRAKE_FLOOR


def test_an_hour_later_single_leavers_go_through_again(
    idp: Directory, people: list[Any], hold: DirectoryHold
) -> None:
    with shifted(timedelta(minutes=61)):
        _status, told = idp.patch(f"/Users/{people[-1]['id']}", OFF)

    assert told["active"] is False


def test_the_last_owner_survives_a_release(
    idp: Directory, ada: Membership, actor_of: Callable[..., Actor], people: list[Any]
) -> None:
    told = idp.add("ada")
    for one in [*people, told]:
        idp.patch(f"/Users/{one['id']}", OFF)
    hold = DirectoryHold.objects.get()
    assert hold.changes.filter(user=told["id"]).exists()

    release_hold(hold, actor=actor_of(ada), at=now(), version=hold.version)
    carry_on(DirectoryHold.objects.get(), at=now())

    ada.refresh_from_db()
    assert ada.status == Membership.Status.ACTIVE
    assert active() == 0
    assert Event.objects.filter(name=EventName.DIRECTORY_OWNER_KEPT).exists()


def test_emptying_it_behind_somebody_who_cannot_sign_in_is_held_as_well(
    idp: Directory, ada: Membership, actor_of: Callable[..., Actor]
) -> None:
    """Symptom: one deactivated person put in along with the removal, and every admin was gone."""
    ann, ben, gone = idp.add("ann"), idp.add("ben"), idp.add("gone")
    idp.patch(f"/Users/{gone['id']}", OFF)
    told = idp.add_group("Admins", ann, ben)
    group = DirectoryGroup.objects.get()
    map_group(group, actor=actor_of(ada), role="admin", team=None, version=group.version)

    idp.patch(
        f"/Groups/{told['id']}",
        {"op": "replace", "path": "members", "value": [{"value": gone["id"]}]},
    )

    assert idp.members(told) == {ann["id"], ben["id"]}
    assert Membership.objects.filter(role="admin").count() == 2
    assert DirectoryHold.objects.get().changes.count() == 2


def test_handing_it_over_to_somebody_else_is_not_held(
    idp: Directory, ada: Membership, actor_of: Callable[..., Actor]
) -> None:
    ann, ben = idp.add("ann"), idp.add("ben")
    told = idp.add_group("Admins", ann)
    group = DirectoryGroup.objects.get()
    map_group(group, actor=actor_of(ada), role="admin", team=None, version=group.version)

    idp.patch(
        f"/Groups/{told['id']}",
        {"op": "replace", "path": "members", "value": [{"value": ben["id"]}]},
    )

    assert idp.members(told) == {ben["id"]}
    assert not DirectoryHold.objects.exists()


@pytest.mark.parametrize("way", ["each", "all", "delete", "replace"])
def test_emptying_a_group_that_makes_admins_is_held(
    idp: Directory,
    ada: Membership,
    actor_of: Callable[..., Actor],
    at: datetime,
    row_of: RowOf,
    way: str,
) -> None:
    ann, ben = idp.add("ann"), idp.add("ben")
    told = idp.add_group("Admins", ann, ben)
    group = DirectoryGroup.objects.get()
    map_group(group, actor=actor_of(ada), role="admin", team=None, version=group.version)
    path = f"/Groups/{told['id']}"

    if way == "each":
        for one in (ann, ben):
            idp.patch(path, {"op": "remove", "path": f'members[value eq "{one["id"]}"]'})
    elif way == "all":
        idp.patch(path, {"op": "remove", "path": "members"})
    elif way == "replace":
        idp.patch(path, {"op": "replace", "path": "members", "value": []})
    else:
        idp.call("DELETE", path)

    kept = {ben["id"]} if way == "each" else {ann["id"], ben["id"]}
    assert idp.members(told) == kept
    hold = DirectoryHold.objects.get()
    assert {str(pk) for pk in hold.changes.values_list("user", flat=True)} == kept

    release_hold(hold, actor=actor_of(ada), at=now(), version=hold.version)
    carry_on(DirectoryHold.objects.get(), at=now())

    assert idp.members(told) == set()
    member = row_of(ben).membership
    assert member is not None
    assert (member.role, member.role_managed_by) == ("viewer", "")
