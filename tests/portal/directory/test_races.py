"""Identity providers send removals in parallel: one owner stays, and the brake counts right."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.directory.models import DirectoryHold, DirectoryPlace, DirectoryUser, HeldChange
from portal.directory.rules import BRAKE_FLOOR
from portal.tickets.models import Ticket
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tests.cast import make_member
from tests.portal.directory.conftest import Directory
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
OFF = {"op": "replace", "value": {"active": False}}
OWNERS, ROUNDS = 4, 3


def patch(idp: Directory, path: str, operation: dict[str, Any]) -> Callable[[], object]:
    """A line of its own for each thread."""
    return lambda: Directory(idp.token).patch(path, operation)


def delete(idp: Directory, path: str) -> Callable[[], object]:
    return lambda: Directory(idp.token).call("DELETE", path)[:2]


def test_of_all_owners_removed_at_once_one_stays(idp: Directory, ada: Membership) -> None:
    owners = [ada] + [
        make_member(ada.organization, f"Owner{n} Berg", BuiltInRole.OWNER) for n in range(OWNERS)
    ]
    told = [idp.add(owner.email.partition("@")[0]) for owner in owners]
    attempts = [
        delete(idp, f"/Users/{one['id']}") if n % 2 else patch(idp, f"/Users/{one['id']}", OFF)
        for n, one in enumerate(told)
    ]

    results = race(attempts, organization_id=ada.organization_id)

    statuses = sorted(result[0] for result in results)  # type: ignore[index]
    assert Membership.objects.owners(at=now()).count() >= 1
    assert 409 in statuses
    assert not [status for status in statuses if status not in {200, 204, 409, 503}]


def test_parallel_removals_do_not_slip_past_the_brake(idp: Directory, ada: Membership) -> None:
    people = [idp.add(f"person{n}") for n in range(BRAKE_FLOOR + 3)]

    race(
        [patch(idp, f"/Users/{one['id']}", OFF) for one in people],
        organization_id=ada.organization_id,
    )

    assert Ticket.objects.count() == BRAKE_FLOOR
    assert HeldChange.objects.count() == 3
    assert DirectoryHold.objects.count() == 1


def test_parallel_changes_of_one_person_lose_none(idp: Directory, ada: Membership) -> None:
    erin = idp.add("erin")
    names = ["title", "nickName", "locale", "timezone", "userType"]

    results = race(
        [
            patch(
                idp, f"/Users/{erin['id']}", {"op": "replace", "path": name, "value": name.upper()}
            )
            for name in names
        ],
        organization_id=ada.organization_id,
    )

    assert [result[0] for result in results] == [200] * len(names)  # type: ignore[index]
    told = idp.get(f"/Users/{erin['id']}")
    assert [told.get(name) for name in names] == [name.upper() for name in names]


def test_parallel_members_and_newcomers_are_there_once(idp: Directory, ada: Membership) -> None:
    people = [idp.add(f"person{n}") for n in range(4)]
    group = idp.add_group("Analysts")
    add = [
        {"op": "add", "path": "members", "value": [{"value": one["id"]} for one in people]}
        for _n in range(3)
    ]
    newcomers = [lambda: Directory(idp.token).call("POST", "/Users", idp.person("zoe"))[:2]] * 3

    results = race(
        [*(patch(idp, f"/Groups/{group['id']}", operation) for operation in add), *newcomers],
        organization_id=ada.organization_id,
    )

    statuses = [result[0] for result in results]  # type: ignore[index]
    assert statuses[:3] == [204] * 3
    assert sorted(statuses[3:]) == [201, 409, 409]
    assert DirectoryPlace.objects.count() == len(people)
    assert DirectoryUser.objects.filter(user_name_key="zoe@acme.test").count() == 1
    assert Membership.objects.filter(email="zoe@acme.test").count() == 1
