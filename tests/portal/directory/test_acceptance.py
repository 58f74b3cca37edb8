"""What Okta and Entra really send, call by call; the effect is looked at, not the status alone."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.directory.models import DirectoryUser
from portal.tickets.models import Ticket
from tenants.models import Membership
from tests.portal.directory.conftest import ENTERPRISE, Directory

RowOf = Callable[[Any], DirectoryUser]
FALSE_IN_EVERY_DIALECT = [
    {"op": "replace", "value": {"active": False}},
    {"op": "Replace", "path": "active", "value": "False"},
    {"op": "replace", "path": "active", "value": False},
    {"op": "Replace", "path": "active", "value": ["False"]},
    {"op": "add", "path": "active", "value": False},
    {"op": "Replace", "value": {"Active": "false"}},
    {"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": False},
]


def test_s1_an_empty_list_has_totals(idp: Directory) -> None:
    told = idp.get("/Users?startIndex=1&count=2")

    assert (told["totalResults"], told["Resources"]) == (0, [])
    assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]


def test_s1_pages_are_cut_and_counted(idp: Directory) -> None:
    made = [idp.add(name)["id"] for name in ("ann", "ben", "cat")]

    first, second = idp.get("/Users?startIndex=1&count=2"), idp.get("/Users?startIndex=3&count=2")
    nothing = idp.get("/Users?count=0")

    assert [one["id"] for one in first["Resources"]] == made[:2]
    assert [one["id"] for one in second["Resources"]] == made[2:]
    assert (first["totalResults"], second["startIndex"], second["itemsPerPage"]) == (3, 3, 1)
    assert (nothing["totalResults"], nothing["Resources"]) == (3, [])


@pytest.mark.parametrize(
    "asked",
    [
        'userName eq "ERIN@acme.test"',
        'emails[type eq "work"].value eq "Erin@acme.test"',
        'emails.value eq "erin@acme.test"',
        'externalId eq "ext-erin"',
        'userName eq "erin@acme.test" and active eq true',
        'displayName eq "Erin Vos" and externalId eq "ext-erin"',
    ],
)
def test_s2_a_filter_finds_one_and_only_that(idp: Directory, asked: str) -> None:
    erin, _ben = idp.add("erin"), idp.add("ben")

    told = idp.get(f"/Users?filter={asked}")

    assert [one["id"] for one in told["Resources"]] == [erin["id"]]


@pytest.mark.parametrize(
    "asked", ['userName eq "nobody"', 'externalId eq "EXT-ERIN"', 'id eq "no-id"']
)
def test_s2_nobody_found_is_an_empty_list(idp: Directory, asked: str) -> None:
    idp.add("erin")

    assert idp.get(f"/Users?filter={asked}")["totalResults"] == 0


@pytest.mark.parametrize(
    "asked", ['userName co "e"', "title pr", 'nickName eq "E"', "userName eq", "(((", '"']
)
def test_s2_another_filter_is_refused_in_words(idp: Directory, asked: str) -> None:
    status, told, _ = idp.call("GET", f"/Users?filter={asked}")

    assert (status, told["scimType"]) == (400, "invalidFilter")
    assert told["detail"]


def test_s3_somebody_sent_twice_is_a_conflict(idp: Directory) -> None:
    idp.add("erin")

    status, told, _ = idp.call("POST", "/Users", idp.person("erin", userName="ERIN@acme.test"))

    assert (status, told["scimType"]) == (409, "uniqueness")
    assert DirectoryUser.objects.count() == 1


def test_s3_the_member_says_where_they_came_from(idp: Directory, row_of: RowOf) -> None:
    member = row_of(idp.add("erin")).membership

    assert member is not None
    assert (member.source, member.role, member.email) == ("scim", "viewer", "erin@acme.test")
    assert member.user is not None
    assert not member.user.has_usable_password()


def test_s4_a_put_without_active_leaves_the_access(idp: Directory, row_of: RowOf) -> None:
    erin = idp.add("erin")
    body = idp.person("erin", title="Analyst")
    del body["active"]

    status, told, _ = idp.call("PUT", f"/Users/{erin['id']}", body)

    assert (status, told["active"], told["title"]) == (200, True, "Analyst")
    member = row_of(erin).membership
    assert member is not None
    assert member.status == Membership.Status.ACTIVE


@pytest.mark.parametrize("operation", FALSE_IN_EVERY_DIALECT, ids=str)
def test_s5_s6_a_leaver_is_out_whatever_the_dialect(
    idp: Directory, row_of: RowOf, operation: dict[str, Any]
) -> None:
    erin = idp.add("erin")

    status, told = idp.patch(f"/Users/{erin['id']}", operation)

    assert (status, told["active"]) == (200, False)
    member = row_of(erin).membership
    assert member is not None
    assert member.status == Membership.Status.SUSPENDED
    assert Ticket.objects.get().source == "directory"


@pytest.mark.parametrize("value", ["perhaps", 0, None, {"x": 1}, "0"])
def test_s6_what_is_no_truth_value_is_refused(idp: Directory, row_of: RowOf, value: object) -> None:
    erin = idp.add("erin")

    status, told = idp.patch(
        f"/Users/{erin['id']}", {"op": "replace", "path": "active", "value": value}
    )

    assert status in {200, 400}
    if status == 400:
        assert told["scimType"] == "invalidValue"
    assert row_of(erin).is_active


def test_s7_entra_removes_whom_it_names_and_nobody_else(idp: Directory) -> None:
    ann, ben, cat = (idp.add(name) for name in ("ann", "ben", "cat"))
    group = idp.add_group("Analysts", ann, ben, cat)

    status, _ = idp.patch(
        f"/Groups/{group['id']}",
        {"op": "Remove", "path": "members", "value": [{"value": ann["id"]}, {"value": ben["id"]}]},
    )

    assert status == 204
    assert idp.members(group) == {cat["id"]}


@pytest.mark.parametrize("value", [[], [{"value": "01900000-0000-7000-8000-000000000000"}]])
def test_s7_removing_nobody_does_not_wipe_the_group(idp: Directory, value: object) -> None:
    ann = idp.add("ann")
    group = idp.add_group("Analysts", ann)

    idp.patch(f"/Groups/{group['id']}", {"op": "Remove", "path": "members", "value": value})

    assert idp.members(group) == {ann["id"]}


def test_s8_a_filter_in_the_path_removes_exactly_one(idp: Directory) -> None:
    ann, ben = idp.add("ann"), idp.add("ben")
    group = idp.add_group("Analysts", ann, ben)
    path = f'members[value eq "{ann["id"]}"]'

    first, _ = idp.patch(f"/Groups/{group['id']}", {"op": "remove", "path": path})
    again, _ = idp.patch(f"/Groups/{group['id']}", {"op": "remove", "path": path})

    assert (first, again) == (204, 204)
    assert idp.members(group) == {ben["id"]}


def test_s9_groups_are_found_by_name_without_their_members(idp: Directory) -> None:
    group = idp.add_group("Analysts", idp.add("ann"))

    told = idp.get('/Groups?excludedAttributes=members&filter=displayName eq "ANALYSTS"')

    assert [one["id"] for one in told["Resources"]] == [group["id"]]
    assert "members" not in told["Resources"][0]


def test_s9_a_groups_name_is_there_once(idp: Directory) -> None:
    idp.add_group("Analysts")

    status, told, _ = idp.call("POST", "/Groups", {"displayName": "analysts"})

    assert (status, told["scimType"]) == (409, "uniqueness")


def test_s10_a_leaver_can_still_be_read_until_deleted(idp: Directory) -> None:
    erin = idp.add("erin")
    idp.patch(f"/Users/{erin['id']}", {"op": "replace", "value": {"active": False}})

    assert idp.get(f"/Users/{erin['id']}")["active"] is False
    assert idp.get('/Users?filter=userName eq "erin@acme.test"')["totalResults"] == 1

    assert idp.call("DELETE", f"/Users/{erin['id']}")[0] == 204
    assert idp.call("GET", f"/Users/{erin['id']}")[0] == 404


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"])
def test_s11_the_discovery_documents_are_clean(idp: Directory, path: str) -> None:
    status, told, response = idp.call("GET", path)

    assert status == 200
    assert response.headers["Content-Type"] == "application/scim+json"
    assert "null" not in response.content.decode()
    assert path == "/ServiceProviderConfig" or told["totalResults"] == len(told["Resources"])


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_s12_a_random_look_up_finds_nothing_and_breaks_nothing(idp: Directory, kind: str) -> None:
    assert idp.call("GET", f"/{kind}/7f8a1c56-0000-4000-8000-c0ffee000000")[0] == 404
    assert idp.call("GET", f"/{kind}/not-an-id")[0] == 404
    name = "userName" if kind == "Users" else "displayName"
    assert idp.get(f'/{kind}?filter={name} eq "7f8a1c56-random"')["totalResults"] == 0


def test_s13_what_is_unknown_is_kept_as_it_came(idp: Directory) -> None:
    mine = "urn:okta:acme:1.0:user:custom"
    erin = idp.add("erin", favouriteColour="Blue", **{mine: {"badge": "A-7"}})

    status, _ = idp.patch(
        f"/Users/{erin['id']}", {"op": "ADD", "path": "nickName", "value": "  Éri "}
    )
    told = idp.get(f"/Users/{erin['id']}")

    assert status == 200
    assert (told["favouriteColour"], told[mine], told["nickName"]) == (
        "Blue",
        {"badge": "A-7"},
        "  Éri ",
    )


def test_a_schema_path_of_entra_reaches_the_extension(idp: Directory) -> None:
    erin = idp.add("erin")

    idp.patch(
        f"/Users/{erin['id']}",
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Data"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "some-id"},
        {"op": "Replace", "value": {f"{ENTERPRISE}:employeeNumber": "7", "name.givenName": "Eri"}},
        {"op": "Replace", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+31 6"},
    )
    told = idp.get(f"/Users/{erin['id']}")

    assert told[ENTERPRISE] == {
        "department": "Data",
        "manager": {"value": "some-id"},
        "employeeNumber": "7",
    }
    assert told["name"]["givenName"] == "Eri"
    assert told["phoneNumbers"] == [{"type": "mobile", "value": "+31 6"}]
    assert ENTERPRISE in told["schemas"]
