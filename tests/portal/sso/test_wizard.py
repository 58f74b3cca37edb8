"""The wizard: what it accepts, what it says of bad input, and who may use it."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from audit.models import Event
from portal.sso.actions import (
    ConnectionHasPeople,
    ConnectionStateWrong,
    add_second_certificate,
    create_connection,
    delete_connection,
    remove_certificate,
)
from portal.sso.configuration import is_tested
from portal.sso.models import Connection, ConnectionKey
from tenants.access import Actor
from tenants.models import Membership
from tests.portal.sso.conftest import Browser, Idp, key_of
from tests.portal.sso.test_connections import metadata

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture
def draft(actor_of: ActorOf, max_: Membership) -> Connection:
    return create_connection(actor=actor_of(max_), at=timezone.now(), name="Okta")


@pytest.fixture
def admin(client_of: ClientOf, max_: Membership) -> Client:
    return client_of(max_)


def configure(client: Client, connection: Connection, **fields: object) -> tuple[int, str]:
    answer = client.post(f"/o/acme/sso/{connection.pk}/configure/", fields)
    return answer.status_code, answer.content.decode()


def pem(name: str) -> str:
    return key_of(name).certificate_pem.decode()


def test_metadata_as_a_file_with_a_byte_order_mark(admin: Client, draft: Connection) -> None:
    """Entra ID begins its federation metadata with one."""
    file = SimpleUploadedFile("metadata.xml", b"\xef\xbb\xbf" + metadata().encode())

    status, _page = configure(admin, draft, way="document", file=file)

    assert status == 302
    assert Connection.objects.get().idp_entity_id == "https://idp.acme.test/metadata"


def test_single_values(admin: Client, draft: Connection) -> None:
    status, _page = configure(
        admin,
        draft,
        way="fields",
        entity_id="urn:acme",
        sso_url="https://idp.acme.test/sso",
        certificate=pem("acme"),
        next_certificate=pem("globex"),
    )

    assert status == 302
    assert len(Connection.objects.get().pems()) == 2


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        ("<a>ä</a>".encode("latin-1"), "UTF-8"),
        (b"<EntityDescriptor", "XML"),
        (b"", "empty"),
        (b"<a/>" + b" " * 262_144, "256 KB"),
    ],
)
def test_bad_file_is_named_for_what_it_is(
    admin: Client, draft: Connection, document: bytes, said: str
) -> None:
    status, page = configure(
        admin, draft, way="document", file=SimpleUploadedFile("metadata.xml", document)
    )

    assert status == 422
    assert said in page
    assert Connection.objects.get().idp_entity_id == ""


@pytest.mark.parametrize(
    "address",
    [
        "http://idp.acme.test/metadata",
        "https://127.0.0.1/metadata",
        "https://10.0.0.8/metadata",
        "https://[::1]/metadata",
        "https://169.254.169.254/latest/",
        "https://user:secret@idp.acme.test/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "nonsense",
    ],
)
def test_address_that_this_server_may_not_call(
    admin: Client, draft: Connection, address: str
) -> None:
    status, page = configure(admin, draft, way="address", metadata_url=address)

    assert status == 422
    assert "field-wrong" in page
    assert Connection.objects.get().metadata_url == ""


def test_nothing_is_configured_while_people_sign_in(admin: Client, acme_idp: Idp) -> None:
    there = f"/o/acme/sso/{acme_idp.connection.pk}/configure/"

    page = admin.post(there, {"way": "document", "metadata": metadata()}, follow=True)

    assert "signs people in" in page.content.decode()
    assert Connection.objects.get().idp_sso_url == "https://idp.acme.test/sso"


def test_second_certificate_comes_and_the_first_goes_in_use(admin: Client, acme_idp: Idp) -> None:
    there = f"/o/acme/sso/{acme_idp.connection.pk}/certificates/"
    admin.post(f"{there}add/", {"certificate": pem("globex")})
    connection = Connection.objects.get()
    assert is_tested(connection)
    first, second = connection.certificates()

    admin.post(f"{there}remove/", {"fingerprint": first.fingerprint})

    connection = Connection.objects.get()
    assert [found.fingerprint for found in connection.certificates()] == [second.fingerprint]
    assert connection.state == "active"


def test_last_certificate_stays(acme_idp: Idp, actor_of: ActorOf, max_: Membership) -> None:
    only = acme_idp.connection.certificates()[0]

    with pytest.raises(ConnectionStateWrong):
        remove_certificate(acme_idp.connection, actor=actor_of(max_), fingerprint=only.fingerprint)


def test_no_third_certificate(acme_idp: Idp, actor_of: ActorOf, max_: Membership) -> None:
    actor = actor_of(max_)
    add_second_certificate(acme_idp.connection, actor=actor, certificate=pem("globex"))

    with pytest.raises(ConnectionStateWrong):
        add_second_certificate(acme_idp.connection, actor=actor, certificate=pem("third"))


def test_our_key_is_rolled_over_in_order(admin: Client, acme_idp: Idp) -> None:
    there = f"/o/acme/sso/{acme_idp.connection.pk}/keys/"
    admin.post(f"{there}prepare/")
    if not ConnectionKey.objects.all().next().exists():
        admin.post(f"{there}prepare/")
    coming = ConnectionKey.objects.all().next().get()
    old = ConnectionKey.objects.all().current().get()
    admin.post(f"{there}{old.pk}/retire/")
    assert ConnectionKey.objects.get(pk=old.pk).retired_at is None  # still in use

    admin.post(f"{there}{coming.pk}/promote/")
    admin.post(f"{there}{old.pk}/retire/")

    assert ConnectionKey.objects.all().current().get() == coming
    assert ConnectionKey.objects.get(pk=old.pk).sealed_private_key == ""


def test_draft_is_deleted_and_the_log_says_so(admin: Client, draft: Connection) -> None:
    admin.post(f"/o/acme/sso/{draft.pk}/delete/")

    assert not Connection.objects.exists()
    assert Event.objects.filter(name="connection.deleted", target_id=draft.pk).exists()


def test_connection_that_people_used_stays(
    browser: Browser, acme_idp: Idp, admin: Client, actor_of: ActorOf, max_: Membership
) -> None:
    browser.sign_in(acme_idp)
    actor = actor_of(max_)
    with pytest.raises(ConnectionStateWrong):
        delete_connection(acme_idp.connection, actor=actor)
    admin.post(f"/o/acme/sso/{acme_idp.connection.pk}/disable/")

    with pytest.raises(ConnectionHasPeople):
        delete_connection(acme_idp.connection, actor=actor)

    assert Connection.objects.get().state == "disabled"


def test_options_in_use_leave_the_tested_configuration(admin: Client, acme_idp: Idp) -> None:
    before = Connection.objects.get().signs_requests
    admin.post(
        f"/o/acme/sso/{acme_idp.connection.pk}/options/",
        {"accepts_unsolicited": "on"} if before else {"signs_requests": "on"},
    )

    connection = Connection.objects.get()
    assert connection.signs_requests == before
    assert is_tested(connection)


def test_name_that_is_taken(admin: Client, draft: Connection, acme_idp: Idp) -> None:
    page = admin.post(
        f"/o/acme/sso/{draft.pk}/rename/", {"name": acme_idp.connection.name}, follow=True
    )

    assert "of this name" in page.content.decode()
    assert Connection.objects.get(pk=draft.pk).name == "Okta"


def test_google_needs_its_domain_only(
    admin: Client, actor_of: ActorOf, max_: Membership, settings: object
) -> None:
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = "of-the-vendor"  # type: ignore[attr-defined]
    made = create_connection(actor=actor_of(max_), at=timezone.now(), name="Google", kind="google")

    wrong, page = configure(admin, made, hosted_domain="not a domain")
    assert wrong == 422
    assert "example.com" in page
    right, _page = configure(admin, made, hosted_domain="Acme.Test")

    assert right == 302
    assert Connection.objects.get().hosted_domain == "acme.test"


def test_client_secret_is_never_shown_again(
    admin: Client, actor_of: ActorOf, max_: Membership
) -> None:
    made = create_connection(actor=actor_of(max_), at=timezone.now(), name="Auth0", kind="oidc")
    status, _page = configure(
        admin,
        made,
        issuer="https://idp.acme.example",
        client_id="gatehouse",
        client_secret="s3cret-of-acme",
    )
    assert status == 302

    for page in ("", "configure/"):
        shown = admin.get(f"/o/acme/sso/{made.pk}/{page}").content.decode()
        assert "gatehouse" in shown
        assert "s3cret-of-acme" not in shown
    assert "s3cret-of-acme" not in Connection.objects.get().sealed_client_secret


def test_list_asks_as_often_for_twenty_as_for_two(
    admin: Client,
    actor_of: ActorOf,
    max_: Membership,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    actor, at = actor_of(max_), timezone.now()
    for number in range(2):
        create_connection(actor=actor, at=at, name=f"First {number}")
    admin.get("/o/acme/sso/")
    with django_assert_max_num_queries(200) as few:  # type: ignore[attr-defined]
        admin.get("/o/acme/sso/")
    for number in range(18):
        create_connection(actor=actor, at=at, name=f"More {number}")

    with django_assert_max_num_queries(len(few)):  # type: ignore[attr-defined]
        admin.get("/o/acme/sso/")


def test_other_organizations_connections_are_nowhere(
    admin: Client, globex_idp: Idp, max_: Membership
) -> None:
    there = f"/o/acme/sso/{globex_idp.connection.pk}"

    for page in ("", "configure/", "certificates/", "test/"):
        assert admin.get(f"{there}/{page}").status_code == 404
    for verb in ("rename", "options", "delete", "certificates/add", "keys/prepare", "test/begin"):
        assert admin.post(f"{there}/{verb}/").status_code == 404
