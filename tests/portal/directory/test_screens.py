"""The directory's pages: what an admin reads and does there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.directory.models import (
    DirectoryCall,
    DirectoryGroup,
    DirectoryHold,
    DirectoryToken,
    DirectoryUser,
)
from portal.directory.rules import BRAKE_FLOOR, LOG_KEPT
from portal.directory.sweeps import forget_calls
from tenants.clock import now
from tenants.models import Membership
from tests.portal.directory.conftest import Directory

RowOf = Callable[[Any], DirectoryUser]
OFF = {"op": "replace", "value": {"active": False}}


@pytest.fixture
def admin(ada: Membership, client_of: Callable[..., Client]) -> Client:
    return client_of(ada)


def read(client: Client, path: str) -> str:
    response = client.get(f"/o/acme/{path}")
    assert response.status_code == 200, path
    return response.content.decode()


def test_a_token_is_shown_once(admin: Client, idp: Directory) -> None:
    made = admin.post("/o/acme/directory/tokens/new/", {"name": "Entra", "days": "180"})

    text = made.content.decode()
    row = DirectoryToken.objects.order_by("-id")[0]
    assert (row.name, row.expires_at - row.created_at) == ("Entra", timedelta(days=180))
    assert f"{row.prefix}" in text
    assert "http://testserver/scim/v2" in text
    shown = text.split(row.prefix, 1)[1][:38]
    assert Directory(row.prefix + shown).call("GET", "/Users")[0] == 200
    assert shown not in read(admin, "directory/")


def test_a_token_needs_a_step_up(ada: Membership, client_of: Callable[..., Client]) -> None:
    stale = client_of(ada, stepped_up=False)

    answer = stale.post("/o/acme/directory/tokens/new/", {"name": "Entra", "days": "180"})

    assert "/step-up/" in answer.headers["Location"]
    assert not DirectoryToken.objects.exists()


def test_a_token_is_revoked_on_the_page(admin: Client, idp: Directory) -> None:
    """The button was missing: what one block of a page sets, another does not see."""
    row = DirectoryToken.objects.get()
    path = f"/o/acme/directory/tokens/{row.pk}/revoke/"

    assert f'action="{path}"' in read(admin, "directory/")
    admin.post(path)

    assert idp.call("GET", "/Users")[0] == 401
    assert f'action="{path}"' not in read(admin, "directory/")


def test_one_page_tells_when_why_and_what_was_cut(
    admin: Client, idp: Directory, row_of: RowOf
) -> None:
    erin = idp.add("erin")
    idp.patch(f"/Users/{erin['id']}", OFF)
    call = DirectoryCall.objects.get(filed="REV-1001")

    page = read(admin, "requests/REV-1001/")

    assert f"/o/acme/directory/calls/{call.pk}/" in page
    for words in ("Directory", "Access blocked", "Deactivated at the identity provider"):
        assert words in page
    told = read(admin, f"directory/calls/{call.pk}/")
    assert "REV-1001" in told
    assert "Erin Vos" in told
    member = row_of(erin).membership
    assert member is not None
    assert "erin@acme.test, deactivated" in read(admin, f"members/{member.pk}/")


def test_the_lists_are_filtered(admin: Client, idp: Directory) -> None:
    erin, _zoe = idp.add("erin"), idp.add("zoe")
    idp.patch(f"/Users/{erin['id']}", OFF)
    idp.add_group("Analysts")
    idp.add_group("Guards")

    assert "zoe@acme.test" not in read(admin, "directory/people/?state=inactive")
    assert "erin@acme.test" not in read(admin, "directory/people/?q=ZOE")
    assert "Guards" not in read(admin, "directory/groups/?q=analy")
    calls = read(admin, "directory/calls/?q=rev-1001")
    assert "PATCH" in calls
    assert "Zoe Vos" not in calls
    assert "POST" not in calls.split("<tbody>")[1]


def test_a_mapping_is_looked_at_before_it_is_saved(
    admin: Client, idp: Directory, row_of: RowOf
) -> None:
    ann = idp.add("ann")
    idp.add_group("Analysts", ann)
    group = DirectoryGroup.objects.get()
    path = f"directory/groups/{group.pk}/"

    seen = read(admin, f"{path}?role=editor&team=&version={group.version}&preview=1")
    saved = admin.post(
        f"/o/acme/{path}map/", {"role": "editor", "team": "", "version": str(group.version)}
    )

    assert "Viewer → Editor" in seen
    assert saved.status_code == 302
    member = row_of(ann).membership
    assert member is not None
    assert member.role == "editor"


def test_a_hold_is_looked_at_and_released(admin: Client, idp: Directory) -> None:
    people = [idp.add(f"person{n}") for n in range(BRAKE_FLOOR + 2)]
    for one in people:
        idp.patch(f"/Users/{one['id']}", OFF)
    hold = DirectoryHold.objects.get()
    path = f"/o/acme/directory/held/{hold.pk}/"

    assert "2 removals are held" in read(admin, "directory/")
    assert "2 removals by the identity provider are held" in read(admin, "waiting/")
    seen = read(admin, f"directory/held/{hold.pk}/")
    assert "Person6 Vos" in seen
    assert "0 sessions, 0 tokens, 0 teams" in seen
    assert admin.post(f"{path}release/", {}).status_code == 302
    assert DirectoryUser.objects.filter(is_active=True).count() == 2
    admin.post(f"{path}release/", {"version": hold.version})

    assert not DirectoryUser.objects.filter(is_active=True).exists()


def test_the_brake_is_changed_by_its_form(admin: Client, idp: Directory) -> None:
    wrong = admin.post("/o/acme/directory/brake/", {"percent": "0", "version": "1"}, follow=True)
    admin.post("/o/acme/directory/brake/", {"percent": "40", "version": "1"})

    assert "between 1 and 100" in wrong.content.decode()
    assert 'value="40"' in read(admin, "directory/")


def test_pages_cost_the_same_for_two_and_for_twenty(
    admin: Client, idp: Directory, row_of: RowOf
) -> None:
    def cost() -> list[int]:
        group, counts = DirectoryGroup.objects.order_by("id")[0], []
        for path in (
            "directory/",
            "directory/people/",
            "directory/groups/",
            "directory/calls/",
            f"directory/groups/{group.pk}/?role=editor&preview=1&version=1",
            f"directory/held/{DirectoryHold.objects.get().pk}/",
        ):
            with CaptureQueriesContext(connection) as queries:
                read(admin, path)
            counts.append(len(queries))
        return counts

    people = [idp.add(f"person{n}") for n in range(BRAKE_FLOOR + 2)]
    idp.add_group("First", *people)
    for one in people:
        idp.patch(f"/Users/{one['id']}", OFF)
    read(admin, "directory/")
    few = cost()
    more = [idp.add(f"more{n}") for n in range(20)]
    for one in more:
        idp.patch(f"/Users/{one['id']}", OFF)
    for n in range(10):
        idp.add_group(f"Group {n}", *more)

    assert cost() == few


def test_old_calls_are_forgotten(idp: Directory) -> None:
    idp.get("/Users")
    DirectoryCall.objects.update(called_at=now() - LOG_KEPT - timedelta(minutes=1))
    idp.get("/Groups")

    forget_calls(now())

    assert [row.path for row in DirectoryCall.objects.all()] == ["/Groups"]


def test_the_log_of_calls_has_an_end(idp: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.directory.sweeps.LOG_LONGEST", 2)
    for _n in range(5):
        idp.get("/Users")

    forget_calls(now())

    assert DirectoryCall.objects.count() == 2
