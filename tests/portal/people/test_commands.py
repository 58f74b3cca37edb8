"""What every command about a workspace does alike: who acts, what is unknown, how it is told."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import Event
from audit.names import EventName
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.commanding import printable
from tenants.models import Membership, Organization, Policy
from tenants.permissions import COMMAND_LINE_PERMISSIONS, OWNERS_ALONE
from tenants.scoping import organization_scope
from tests.architecture.sources import ROOT
from tests.portal.people.commands import rows, run

pytestmark = pytest.mark.django_db
AsHolder = Callable[[Membership], str]


def test_the_log_tells_the_command_line_from_work_in_the_background(
    ada: Membership, mia: Membership
) -> None:
    assert run("members", "role", mia.email, "--role", "editor")[0] == 0

    event = Event.objects.filter(name=EventName.MEMBER_ROLE_CHANGED).get()
    assert (event.actor_kind, event.people()["actor"]) == ("system", "Gatehouse (command line)")


def test_a_token_acts_as_its_holder(max_: Membership, mia: Membership, as_holder: AsHolder) -> None:
    assert run("members", "role", mia.email, "--role", "editor", as_holder(max_))[0] == 0

    event = Event.objects.filter(name=EventName.MEMBER_ROLE_CHANGED).get()
    assert (event.actor_kind, event.actor_id) == ("token", max_.pk)


def test_a_holder_without_the_permission_is_refused_and_written_down(
    ada: Membership, mia: Membership, as_holder: AsHolder
) -> None:
    code, said = run("members", "role", ada.email, "--role", "viewer", as_holder(mia))

    assert code == 1
    assert said.startswith("Your role does not include “Change people's roles and teams”.")
    refused = Event.objects.get(name=EventName.ACTION_REFUSED)
    assert (refused.actor_id, refused.facts["verb"]) == (mia.pk, "members_role")


def test_a_holder_proves_themselves_in_the_browser(
    ada: Membership, mia: Membership, as_holder: AsHolder, client_of: Callable[..., Client]
) -> None:
    words = ("suspend", mia.email, as_holder(ada))
    code, said = run("members", *words)
    assert code == 1
    assert said.startswith("This needs a proof that it is you. Confirm it in the browser")
    mia.refresh_from_db()
    assert mia.status == "active"

    client_of(ada)

    assert run("members", *words)[0] == 0
    mia.refresh_from_db()
    assert mia.status == "suspended"


def test_a_token_opens_its_own_workspace_only(
    ada: Membership, ned: Membership, as_holder: AsHolder
) -> None:
    code, said = run("members", "list", as_holder(ned))

    assert (code, said) == (1, "This token is unknown, expired or revoked.")
    assert rows("members", "list", as_holder(ned), slug="globex")[0]["email"] == ned.email


def test_a_token_that_is_bound_to_addresses_does_not_work_on_the_server(
    ada: Membership, actor_of: Callable[..., Actor], at: datetime, tmp_path: Path
) -> None:
    scopes = ["member:view"]
    with organization_scope(ada.organization_id):
        longest = Policy.objects.get().token_max_age
        _token, text = issue_token(
            actor=actor_of(ada),
            at=at,
            name="ci",
            scopes=scopes,
            lasts=longest,
            address_rule="203.0.113.0/24",
        )
    file = tmp_path / "token"
    file.write_text(text, encoding="ascii")

    code, said = run("members", "list", f"--token-file={file}")

    assert (code, said) == (1, "This token may not be used from this address.")


@pytest.mark.parametrize(
    ("content", "code", "begins"),
    [
        (b"nonsense", 1, "This is not a Gatehouse token."),
        (b"", 1, "This is not a Gatehouse token."),
        (b"\xff\xfe", 2, "--token-file: This is no token."),
        (b"x" * 100_000, 1, "This is not a Gatehouse token."),
    ],
)
def test_a_file_that_holds_no_token(
    organization: Organization, tmp_path: Path, content: bytes, code: int, begins: str
) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)

    ended, said = run("members", "list", f"--token-file={file}")

    assert ended == code
    assert said.startswith(begins)
    missing = run("members", "list", f"--token-file={tmp_path}/none")
    assert missing == (2, "--token-file: No such file or directory.")


def test_a_token_is_read_from_standard_input(
    ada: Membership, as_holder: AsHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path(as_holder(ada).partition("=")[2]).read_text(encoding="ascii")
    monkeypatch.setattr("sys.stdin", io.StringIO(text))

    assert rows("members", "list", "--token-file=-")[0]["email"] == ada.email


@pytest.mark.parametrize(
    "words",
    [
        ("members", "list"),
        ("invitations", "list"),
        ("integrations",),
        ("service_accounts",),
        ("sync_integration", "Shop"),
        ("who_can_see", "--resource=x"),
        ("what_can", "--member=x"),
    ],
)
def test_an_unknown_organization(organization: Organization, words: tuple[str, ...]) -> None:
    assert run(*words, slug="nowhere") == (2, "There is no organization 'nowhere'.")


@pytest.mark.parametrize("wrong", ["\x1b[2J", "a\x00b", "\udcff"])
def test_text_that_no_name_may_hold(ada: Membership, wrong: str) -> None:
    code, said = run("members", "list", f"--search={wrong}")

    assert (code, said) == (2, "search: Text may not contain control characters or broken letters.")


@pytest.mark.parametrize(
    "words",
    [(), ("dance",), ("role",), ("list", "--use=sometimes"), ("end", "x", "--on=2026-13-40")],
)
def test_a_call_that_argues_is_told_its_usage(
    organization: Organization, words: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError, match="Error: "):
        call_command("members", *words, "--organization=acme")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (b"mia@acme.test\na\x00b\n", "-: Text may not contain control characters"),
        (b"\xff\xfe\n", "-: Standard input is not UTF-8."),
        (b"\n \n", "Nobody was named."),
        (b"x@acme.test\n" * 501, "At most 500 at once."),
    ],
)
def test_standard_input_that_names_nobody(
    mia: Membership, monkeypatch: pytest.MonkeyPatch, typed: bytes, said: str
) -> None:
    for words in (
        ("members", "revoke", "-"),
        ("invitations", "invite", "-"),
        ("tokens", "end", "-"),
    ):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed), encoding="utf-8"))
        code, answer = run(*words)
        assert code == 2
        assert answer.startswith(said)
    mia.refresh_from_db()
    assert mia.status == "active"


def test_token_and_people_come_from_one_standard_input(
    ada: Membership, mia: Membership, as_holder: AsHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path(as_holder(ada).partition("=")[2]).read_text(encoding="ascii")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}{mia.email}\n"))

    assert run("members", "role", "-", "--role=editor", "--token-file=-")[0] == 0

    mia.refresh_from_db()
    assert mia.role == "editor"


def test_a_terminal_that_knows_few_letters(
    ada: Membership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Membership.objects.update(name="Ayşe Ünal")
    answers = []
    for words in ((), ("--json",)):
        with monkeypatch.context() as m, (tmp_path / "out").open("w", encoding="ascii") as out:
            m.setattr("sys.stdout", out)
            call_command("members", "list", "--organization=acme", *words)
        answers.append((tmp_path / "out").read_text(encoding="ascii"))

    assert answers[0].startswith("Ay\\u015fe \\xdcnal <")
    assert json.loads(answers[1])["name"] == "Ayşe Ünal"


class Gone(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_reader_who_goes_away_is_no_error(
    ada: Membership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr("sys.stdout", out)
        with pytest.raises(SystemExit) as ended:
            call_command("members", "list", "--organization=acme", stdout=Gone())

    assert ended.value.code == 141


def test_what_is_said_moves_no_cursor() -> None:
    assert printable("Ana\x1b[2J\r\u202eRuiz\n") == "Ana\N{REPLACEMENT CHARACTER}[2J" + (
        "\N{REPLACEMENT CHARACTER}" * 2 + "Ruiz\n"
    )


def test_the_command_line_holds_nothing_that_is_the_owners_alone() -> None:
    assert not COMMAND_LINE_PERMISSIONS & OWNERS_ALONE


def test_the_command_line_comes_from_no_address(ada: Membership) -> None:
    """It is kept out by no list, and may set one; others are held to it."""
    assert run("members", "list")[0] == 0
    Policy.objects.update(address_rule="203.0.113.0/24")
    assert run("members", "list")[0] == 0


@pytest.mark.thorough
def test_in_a_process_of_its_own_usage_ends_with_2() -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "members", "list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ended.returncode == 2
    assert "--organization" in ended.stderr
    assert "Traceback" not in ended.stderr
