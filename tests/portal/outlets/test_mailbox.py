"""The demo's mailbox, and the folder behind it."""

from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from pytest_django.fixtures import Settings

from portal.outlets.folder import kept_mails

BACKEND = "portal.outlets.folder.FolderBackend"


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MAIL_FOLDER = tmp_path / "mail"
    return settings.MAIL_FOLDER


def send(name: str = "abc", text: str = "Open http://testserver/invitations/x/ now") -> None:
    mail = EmailMultiAlternatives(
        "Grüße", text, to=["Zoë <zoe@acme.test>"], headers={"Message-ID": f"<{name}@host>"}
    )
    mail.attach_alternative("<p>html</p>", "text/html")
    get_connection(BACKEND).send_messages([mail])


def test_the_same_mail_sent_twice_lies_there_once(folder: Path) -> None:
    send()
    send()
    send("another")
    assert len(list(folder.iterdir())) == 2
    assert {mail.subject for mail in kept_mails()} == {"Grüße"}


def test_a_strange_message_id_cannot_leave_the_folder(folder: Path) -> None:
    send("../../outside")
    (kept,) = folder.iterdir()
    assert kept.parent == folder


def test_the_mailbox_shows_mails_with_working_links(
    settings: Settings, client: Client, db: None
) -> None:
    settings.DEMO = True
    send()
    assert "Grüße" in client.get("/dev/mail/").content.decode()
    assert "Grüße" not in client.get("/dev/mail/", {"q": "nothing like it"}).content.decode()
    page = client.get("/dev/mail/abc/").content.decode()
    assert 'href="http://testserver/invitations/x/"' in page
    assert client.get("/dev/mail/none/").status_code == 404
    assert client.get("/dev/mail/..%2Fsecret/").status_code == 404


def test_outside_the_demo_there_is_no_mailbox(client: Client, db: None) -> None:
    send()
    for address in ("/dev/mail/", "/dev/mail/abc/"):
        assert client.get(address).status_code == 404
