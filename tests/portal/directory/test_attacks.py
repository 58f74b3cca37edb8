"""What somebody with a token, a wrong one or none would try."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from audit.models import Event
from portal.directory.actions import issue_directory_token, revoke_directory_token
from portal.directory.actions.tokens import TooManyTokens
from portal.directory.models import DirectoryCall, DirectoryGroup, DirectoryToken, DirectoryUser
from portal.sso.models import Domain
from tenants.access import Actor
from tenants.clock import now, shifted
from tenants.models import Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.portal.directory.conftest import Directory

RowOf = Callable[[Any], DirectoryUser]
ActorOf = Callable[..., Actor]
NUL = "a\x00b@acme.test"


@pytest.fixture
def foreign(
    ned: Membership, other_organization: Organization, actor_of: ActorOf, at: datetime
) -> Directory:
    """The identity provider of another organization, with a domain of its own."""
    with organization_scope(other_organization.pk):
        Domain.objects.create(name="globex.test", token="t", created_at=at, verified_at=at)
        _row, text = issue_directory_token(
            actor=actor_of(ned), at=at, name="Entra", lasts=timedelta(days=9)
        )
    return Directory(text)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer ghd_" + "0" * 46, "Bearer ghp_" + "0" * 46],
)
def test_without_a_token_that_works_nothing_is_told(db: None, header: str) -> None:
    headers = {"HTTP_AUTHORIZATION": header} if header else {}

    response = Client().get("/scim/v2/Users", **headers)

    told = json.loads(response.content)
    assert (response.status_code, told["status"]) == (401, "401")
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="gatehouse"')


def test_a_revoked_and_an_expired_token_are_refused_alike(
    idp: Directory, ada: Membership, actor_of: ActorOf
) -> None:
    with shifted(timedelta(days=366)):
        expired = idp.call("GET", "/Users")
    revoke_directory_token(DirectoryToken.objects.get(), actor=actor_of(ada), at=now())
    revoked = idp.call("GET", "/Users")

    assert (expired[0], revoked[0]) == (401, 401)
    assert expired[1] == revoked[1]


def test_a_token_is_rotated_without_a_failed_call(
    idp: Directory, token_of: Callable[..., str], ada: Membership, actor_of: ActorOf, at: datetime
) -> None:
    successor = Directory(token_of(actor_of(ada), at, name="Okta, new"))
    assert idp.get("/Users") == successor.get("/Users")
    with pytest.raises(TooManyTokens):
        token_of(actor_of(ada), at, name="third")

    old = DirectoryToken.objects.order_by("id").first()
    assert old is not None
    revoke_directory_token(old, actor=actor_of(ada), at=now())

    assert successor.call("GET", "/Users")[0] == 200
    assert idp.call("GET", "/Users")[0] == 401


def test_a_token_is_kept_as_a_fingerprint(idp: Directory) -> None:
    row = DirectoryToken.objects.get()

    assert idp.token.startswith(row.prefix)
    assert row.prefix.startswith("ghd_")
    kept = [str(value) for value in vars(row).values()]
    assert all(idp.token[12:44] not in value for value in kept)
    assert idp.token not in "".join(Event.objects.values_list("body", flat=True))


def test_an_api_token_opens_no_directory_and_the_reverse(
    idp: Directory, ada: Membership, actor_of: ActorOf, at: datetime
) -> None:
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {idp.token}"}

    assert Client().get("/api/v1/me", **bearer).status_code == 401
    assert Client().get("/scim/v2/Users?access_token=x", **bearer).status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_organizations_people_and_groups_are_unknown(
    idp: Directory, foreign: Directory, method: str
) -> None:
    erin = idp.add("erin")
    group = idp.add_group("Analysts", erin)
    body = {"Operations": [{"op": "replace", "value": {"active": False}}], "userName": "x@y.z"}

    for path in (f"/Users/{erin['id']}", f"/Groups/{group['id']}"):
        assert foreign.call(method, path, None if method == "GET" else body)[0] == 404
    assert idp.get(f"/Users/{erin['id']}")["active"] is True
    assert foreign.get("/Users")["totalResults"] == 0


def test_another_organizations_people_do_not_get_into_a_group(
    idp: Directory, foreign: Directory
) -> None:
    erin = idp.add("erin")

    status, told, _ = foreign.call(
        "POST", "/Groups", {"displayName": "Thieves", "members": [{"value": erin["id"]}]}
    )

    assert (status, told["scimType"]) == (400, "invalidValue")


def test_a_directory_takes_nobody_over_from_elsewhere(idp: Directory, ned: Membership) -> None:
    """Even when the address lies in the domain: the account signs in to another workspace."""
    assert ned.user is not None
    ned.user.email = "ned@acme.test"
    ned.user.save()

    status, told, _ = idp.call("POST", "/Users", idp.person("ned"))

    assert (status, told["scimType"]) == (409, "uniqueness")
    assert "Invite" in told["detail"]
    assert not DirectoryUser.objects.exists()


def test_an_address_outside_the_proven_domains_is_refused(idp: Directory) -> None:
    status, told, _ = idp.call(
        "POST",
        "/Users",
        {"userName": "eve@evil.test", "emails": [{"value": "eve@gmail.test", "primary": True}]},
    )

    assert (status, told["scimType"]) == (400, "invalidValue")
    assert "Single sign-on" in told["detail"]
    assert not Membership.objects.filter(email__contains="eve").exists()


def test_a_second_spelling_of_a_mailbox_makes_no_second_account(
    idp: Directory, ada: Membership
) -> None:
    """Symptom: `"ada"@acme.test` came in beside Ada, and her mailbox could set its password."""
    status, told, _ = idp.call("POST", "/Users", {"userName": '"ada"@acme.test'})

    assert (status, told["scimType"]) == (400, "invalidValue")
    assert Membership.objects.get() == ada


@pytest.mark.parametrize(
    "asked",
    [
        "userName eq \"x' OR '1'='1\"",
        'userName eq "x\\" or userName pr or \\""',
        'userName eq "%"',
        'displayName eq "_____"',
        'userName eq "\\u0000"',
        'emails[type eq "work"].value eq "%"',
        "(" * 300 + 'userName eq "x"' + ")" * 300,
        "not (" * 100 + 'userName eq "x"' + ")" * 100,
        'userName eq "' + "x" * 5000 + '"',
        "userName eq true",
        "password pr",
        'meta.lastModified gt "2011-05-13T04:42:34Z"',
    ],
    ids=range(12),
)
def test_a_filter_is_no_way_into_the_database(idp: Directory, asked: str) -> None:
    idp.add("erin")

    status, told, _ = idp.call("GET", "/Users?filter=" + _quoted(asked))

    assert status in {200, 400}
    assert status == 400 or told["totalResults"] == 0


def _quoted(text: str) -> str:
    return quote(text, safe="")


BODIES: list[bytes] = [
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"\xff\xfe",
    b'{"userName": "a@acme.test", "userName": "b@acme.test"}',
    b'{"userName": NaN}',
    b"[" * 100_000,
    b'{"a":' * 60 + b"1" + b"}" * 60,
    json.dumps({"userName": NUL}).encode(),
    b'{"userName": "\\ud800@acme.test"}',
    json.dumps({"userName": ["a"]}).encode(),
    json.dumps({"userName": "a@acme.test", "emails": "x", "name": []}).encode(),
    json.dumps({"userName": "a@acme.test", "name": {"givenName": {"x": 1}}}).encode(),
    json.dumps({"userName": "x" * 400 + "@acme.test"}).encode(),
    json.dumps({"userName": "a@acme.test", "note": "x" * 70_000}).encode(),
    json.dumps({"userName": 7, "Operations": 7, "displayName": 7}).encode(),
    json.dumps({"displayName": "x", "members": [{"value": {"a": 1}}]}).encode(),
    json.dumps({"displayName": "x", "members": "DROP TABLE"}).encode(),
    json.dumps({"Operations": []}).encode(),
    json.dumps({"Operations": [{"op": "explode", "path": "x", "value": 1}]}).encode(),
    json.dumps({"Operations": [{"op": "add", "path": "a[b", "value": 1}]}).encode(),
    json.dumps({"Operations": [{"op": "remove"}]}).encode(),
    json.dumps({"Operations": [{"op": "replace", "path": "id", "value": "x"}]}).encode(),
    json.dumps({"Operations": [{"op": "add", "path": "displayName", "value": [None, 1]}]}).encode(),
    json.dumps({"Operations": [{"op": "add", "path": "name.x.y", "value": 1}]}).encode(),
    json.dumps({"Operations": [{"op": "add", "path": 'members eq "x"', "value": 1}]}).encode(),
    json.dumps({"Operations": [{"op": "add", "value": 1}]}).encode(),
    json.dumps({"Operations": [None, 1, "x"]}).encode(),
    json.dumps({"Operations": [{"op": "add", "path": "x", "value": 1}] * 1001}).encode(),
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_no_body_breaks_it(idp: Directory, body: bytes) -> None:
    erin = idp.add("erin")
    group = idp.add_group("Analysts", erin)
    before = DirectoryUser.objects.count(), DirectoryGroup.objects.count()

    for method, path in (
        ("POST", "/Users"),
        ("PUT", f"/Users/{erin['id']}"),
        ("PATCH", f"/Users/{erin['id']}"),
        ("POST", "/Groups"),
        ("PUT", f"/Groups/{group['id']}"),
        ("PATCH", f"/Groups/{group['id']}"),
    ):
        status, told, _ = idp.call(method, path, body)
        assert 400 <= status < 500, (method, path, status, told)
        assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert told["detail"]
    assert (DirectoryUser.objects.count(), DirectoryGroup.objects.count()) == before
    assert idp.members(group) == {erin["id"]}


def test_a_body_beyond_a_megabyte_is_refused(idp: Directory) -> None:
    status, told, _ = idp.call("POST", "/Users", b'{"userName": "' + b"x" * 1_100_000 + b'"}')

    assert (status, told["status"]) == (413, "413")


def test_a_form_is_no_scim(idp: Directory) -> None:
    status, _, _ = idp.call(
        "POST", "/Users", b"userName=x", content_type="application/x-www-form-urlencoded"
    )

    assert status == 415


@pytest.mark.parametrize("path", ["/", "", "/Nothing", "/Users/%00", "/Users/../x", "/Users/x/y"])
def test_an_unknown_address_is_a_scim_404(idp: Directory, path: str) -> None:
    status, told, _ = idp.call("GET", path)

    assert (status, told["status"]) == (404, "404")


def test_what_is_not_supported_says_so(idp: Directory) -> None:
    assert idp.call("POST", "/Bulk", {})[0] == 501
    assert idp.call("GET", "/Me")[0] == 501
    config = idp.get("/ServiceProviderConfig")
    assert config["bulk"]["supported"] is False
    assert config["sort"]["supported"] is False


def test_a_version_that_is_gone_changes_nothing(idp: Directory) -> None:
    erin = idp.add("erin")
    tag = erin["meta"]["version"]
    operation = {"op": "replace", "path": "title", "value": "Boss"}

    first, _ = idp.patch(f"/Users/{erin['id']}", operation, HTTP_IF_MATCH=tag)
    again, told = idp.patch(
        f"/Users/{erin['id']}", {**operation, "value": "Chief"}, HTTP_IF_MATCH=tag
    )
    unchanged = idp.call("GET", f"/Users/{erin['id']}", HTTP_IF_NONE_MATCH='W/"2"')

    assert (first, again, told["status"]) == (200, 412, "412")
    assert unchanged[0] == 304
    assert idp.get(f"/Users/{erin['id']}")["title"] == "Boss"


def test_a_call_too_many_is_told_when_to_come_back(idp: Directory, settings: Any) -> None:
    settings.DIRECTORY_CALLS_PER_MINUTE = 1

    statuses = [idp.call("GET", "/Users")[0] for _n in range(4)]
    _status, told, response = idp.call("GET", "/Users")

    assert 429 in statuses
    assert (told["status"], "Retry-After" in response.headers) == ("429", True)


def test_the_list_of_addresses_binds_the_directory_too(idp: Directory) -> None:
    Policy.objects.update(address_rule="203.0.113.0/24")

    refused = idp.call("GET", "/Users")
    allowed = idp.call("GET", "/Users", REMOTE_ADDR="203.0.113.9")

    assert (refused[0], allowed[0]) == (401, 200)
    assert "addresses that its admins allow" in refused[1]["detail"]


def test_plain_http_is_refused_where_https_is_served(idp: Directory, settings: Any) -> None:
    settings.BASE_URL = "https://gatehouse.test"

    status, told, _ = idp.call("GET", "/Users")

    assert status == 403
    assert "https" in told["detail"]


def test_unicode_names_are_kept_and_found(idp: Directory) -> None:
    zoe = idp.add("zoe", displayName="Zoë 🦊 عربى", userName="ZOË@acme.test")

    assert idp.get(f"/Users/{zoe['id']}")["displayName"] == "Zoë 🦊 عربى"
    found = idp.get("/Users?filter=" + _quoted('userName eq "zoë@ACME.test"'))
    assert found["totalResults"] == 1


def test_the_log_of_calls_masks_what_is_personal(idp: Directory) -> None:
    erin = idp.add("erin", phoneNumbers=[{"value": "+31 6 1234"}])
    idp.get('/Users?filter=userName eq "erin@acme.test"')
    idp.patch(f"/Users/{erin['id']}", {"op": "Replace", "path": "active", "value": "False"})
    idp.patch(f"/Users/{erin['id']}", {"op": "Replace", "path": "nickName", "value": "Eri"})
    idp.call("POST", "/Users", {"userName": "eve@evil.test"})

    rows = list(DirectoryCall.objects.order_by("id"))
    kept = "\n".join(f"{row.path}\n{row.body}\n{row.detail}" for row in rows)
    for secret in ("erin@", "+31", "Vos", "Eri", "eve@", idp.token, idp.token[12:40]):
        assert secret not in kept, secret
    assert '"False"' in rows[2].body
    assert (rows[2].filed, rows[2].label) == ("REV-1001", "Erin Vos")
    assert [row.outcome for row in rows] == ["done", "done", "done", "done", "refused"]
    assert all(row.token_prefix == idp.token[:12] for row in rows)
