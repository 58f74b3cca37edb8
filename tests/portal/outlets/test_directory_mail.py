"""What the admins are told about the directory, once each."""

from collections.abc import Callable
from email.utils import parseaddr
from typing import Any

import pytest

from portal.directory.models import DirectoryHold
from portal.directory.rules import BRAKE_FLOOR
from tenants.models import Membership, Organization
from tests.portal.directory.conftest import (  # noqa: F401 - the same identity provider
    Directory,
    domain,
    idp,
    token_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
Post = Callable[[Organization], list[Any]]
OFF = {"op": "replace", "value": {"active": False}}


def test_a_hold_is_mailed_once_with_the_way_to_decide(
    idp: Directory,  # noqa: F811
    organization: Organization,
    ada: Membership,
    mia: Membership,
    post: Post,
) -> None:
    people = [idp.add(f"person{n}") for n in range(BRAKE_FLOOR + 3)]
    for one in people:
        idp.patch(f"/Users/{one['id']}", OFF)

    letters = [m for m in post(organization) if "are held" in m.subject]

    assert sorted(parseaddr(m.to[0])[1] for m in letters) == ["ada@acme.test", "security@acme.test"]
    assert f"/o/acme/directory/held/{DirectoryHold.objects.get().pk}/" in letters[0].body
    assert [m for m in post(organization) if "are held" in m.subject] == []


def test_the_admins_hear_of_the_owner_who_was_kept(
    idp: Directory,  # noqa: F811
    organization: Organization,
    ada: Membership,
    post: Post,
) -> None:
    told = idp.add("ada")
    idp.patch(f"/Users/{told['id']}", OFF)

    letters = [m for m in post(organization) if "last owner" in m.subject]

    assert sorted(parseaddr(m.to[0])[1] for m in letters) == ["ada@acme.test", "security@acme.test"]
    assert "Ada" in letters[0].body
