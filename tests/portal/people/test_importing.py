"""A list of people: every line has its verdict, and nothing is half done."""

import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid, NotFound
from portal.people.importing import Verdict, check, invite
from portal.people.models import KEPT, InvitationList
from portal.people.sheets import MAX_LINES, read_sheet
from portal.people.sweeps import forget_lists
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.actions.inviting import InvitationsOvertaken, Place, send_invitations
from tenants.actions.roles import create_role
from tenants.actions.teams import create_team, delete_team
from tenants.models import Invitation, InvitationTeam, Membership, Policy
from tests.portal.rest.conftest import Caller, caller_of, problem  # noqa: F401
from tests.racing import race

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]
ADDRESS = "/o/acme/invitations/import/"
GOOD = "email,name,role,teams,access ends\r\nana@away.test,Ana Ruiz,editor,,2031-03-31\r\n"


def verdicts(text: str, actor: Actor, at: datetime) -> list[tuple[int, str]]:
    report = check(read_sheet(text.encode()), actor=actor, at=at)
    return [(line.line, line.verdict.value) for line in report.lines]


def test_every_line_has_its_verdict(
    ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    create_team(actor=actor_of(ada), at=at, name="Finance")
    send_invitation(actor=actor_of(ada), at=at, email="asked@away.test", role="viewer")
    text = "\n".join(
        [
            "email;name;role;teams;access ends",
            "ana@away.test;Ana;Security officer;finance;2031-01-01",
            "ADA@acme.test;;;;",
            "asked@away.test;;;;",
            "Ana@away.test;;;;",
            "not an address;;;;",
            "b@away.test;;king;;",
            "c@away.test;;owner;;",
            "d@away.test;;;Nobody's;",
            "e@away.test;;;;31.12.2031",
            "f@away.test;;;;2001-01-01",
            "",
            "g@away.test;=1+1;;;",
            "h@away.test;a\x00b;;;",
            f"i@away.test;{'x' * 10_000};;;",
            f"j@away.test;{'x' * 200};;;",
            "k@away.test;a;b;c;d;e",
        ]
    )

    assert verdicts(text, actor_of(max_), at) == [
        (2, "ready"),
        (3, "already-member"),
        (4, "already-invited"),
        (5, "duplicate"),
        (6, "bad-address"),
        (7, "unknown-role"),
        (8, "role-not-allowed"),
        (9, "unknown-team"),
        (10, "bad-end"),
        (11, "bad-end"),
        (13, "unreadable"),
        (14, "unreadable"),
        (15, "unreadable"),
        (16, "bad-name"),
        (17, "unreadable"),
    ]


def test_signs_that_turn_a_name_are_refused_and_those_that_join_letters_kept(
    max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    turned = "email,name\na@away.test,\u202eevil\nb@away.test,Ann\u2066a"
    joined = "email,name\na@away.test,व\u200dर\nb@away.test,Jean\u00a0Paul"

    assert verdicts(turned, actor_of(max_), at) == [(2, "unreadable"), (3, "unreadable")]
    kept = check(read_sheet(joined.encode()), actor=actor_of(max_), at=at)
    names = [line.place.name for line in kept.lines if line.place]
    assert names == ["व\u200dर", "Jean Paul"]


def test_before_the_yes_it_says_who_becomes_what(
    ada: Membership, actor_of: ActorOf, client_of: ClientOf, at: datetime
) -> None:
    create_team(actor=actor_of(ada), at=at, name="Finance")
    text = "email,role,teams,access ends\na@away.test,admin,Finance,2031-03-31\nb@away.test,,,\n"
    client = client_of(ada)

    sent = client.post(ADDRESS, {"file": SimpleUploadedFile("people.csv", text.encode())})
    checked = client.get(sent["Location"])
    report = client.get(f"{sent['Location']}report/")

    said = " ".join(checked.content.decode().split())
    assert "<bdi>Admin</bdi>: 1" in said
    assert "<bdi>Viewer</bdi>: 1" in said
    assert "<bdi>Finance</bdi>: 1" in said
    line = report.getvalue().decode().splitlines()[1]
    assert line.split(",")[1:4] == ['"a@away.test"', '"Admin"', '"Finance"']


def test_a_private_team_is_as_unknown_as_none(
    ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    create_team(actor=actor_of(ada), at=at, name="Merger", visibility="private")
    actor = actor_of(max_)
    text = "email,teams\na@away.test,Merger\nb@away.test,Never"
    assert verdicts(text, actor, at)[0] == (2, "ready")

    less = Actor(
        kind=actor.kind,
        organization=actor.organization,
        name=actor.name,
        id=actor.id,
        permissions=frozenset({p for p in actor.permissions if p != "team:manage"}),
        membership=actor.membership,
    )
    assert [v for _line, v in verdicts(text, less, at)] == ["unknown-team"] * 2


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "nothing in it"),
        (b"\r\n\r\n", "nothing in it"),
        (b"email\n", "nobody below"),
        (b"ana@away.test,Ana\n", "first line must name"),
        (b"name,role\nAna,editor\n", "first line must name"),
        (b"email,shoe size\na@b.test,43\n", "shoe size"),
        (b"email,name,email\na@b.test,b,c\n", "twice"),
        ("email\na@b.test".encode("utf-16"), "UTF-16"),
        ("email\na@b.test".encode("utf-16-le"), "UTF-16"),
        (b"email\n" + b"a@b.test\n" * (MAX_LINES + 1), "10,000 lines"),
        (b"email\n" + b"someone-with-a-name@example.test\n" * 100_000, "2 MB"),
        (b'"email\na@b.test', "quotation mark"),
    ],
)
def test_what_is_no_list_is_said_to_be_none(raw: bytes, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_sheet(raw)

    assert said in " ".join(refused.value.errors["file"])


def test_encodings_and_quotes_are_named_by_line() -> None:
    latin = read_sheet("email,name\na@b.test,Zoë\nb@b.test,Bo\n".encode("latin-1"))
    marked = read_sheet("\ufeffemail,name\r\na@b.test,Zoë\r\n".encode())
    quoted = read_sheet(b'email,name\na@b.test,"Ruiz, Ana"\nb@b.test,"open\nc@b.test,C\n')
    huge = read_sheet(b"email,name\na@b.test," + b"x" * 200_000 + b"\n")

    assert [row.line for row in latin if "not in UTF-8" in row.problem] == [2]
    assert marked[0].get("name") == "Zoë"
    assert quoted[0].get("name") == "Ruiz, Ana"
    assert (quoted[1].line, "not closed" in quoted[1].problem) == (3, True)
    assert "far too long" in huge[0].problem


class TestTheScreens:
    def _check(self, client: Client, text: str) -> Any:
        file = SimpleUploadedFile("people.csv", text.encode(), content_type="text/csv")
        return client.post(ADDRESS, {"file": file}, follow=True)

    def test_nothing_happens_before_the_yes(
        self, ada: Membership, actor_of: ActorOf, client_of: ClientOf, at: datetime
    ) -> None:
        create_team(actor=actor_of(ada), at=at, name="Finance")
        client = client_of(ada)
        text = "email,role,teams,access ends\nana@away.test,editor,Finance,2031-03-31\n"

        checked = self._check(client, text)
        assert "1 person can be invited" in checked.content.decode()
        assert not Invitation.objects.exists()
        client.post(checked.request["PATH_INFO"], {"confirm": "yes"})

        sent = Invitation.objects.get()
        assert (sent.email, sent.role, sent.invited_by_id) == ("ana@away.test", "editor", ada.pk)
        assert sent.access_ends_at is not None
        assert InvitationTeam.objects.count() == 1
        assert Event.objects.filter(name=EventName.INVITATION_SENT).count() == 1
        assert not InvitationList.objects.exists()

    def test_all_or_only_the_good_lines(self, ada: Membership, client_of: ClientOf) -> None:
        client = client_of(ada)
        checked = self._check(client, "email\nana@away.test\nnonsense\n")
        address = checked.request["PATH_INFO"]

        refused = client.post(address, {"confirm": "yes"}, follow=True).content.decode()
        assert "Nobody was invited" in refused
        assert not Invitation.objects.exists()
        client.post(address, {"only_good": "on"})
        assert Invitation.objects.count() == 1

    def test_pasted_lines_and_a_list_that_cannot_be_read(
        self, ada: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)

        pasted = client.post(ADDRESS, {"text": GOOD}, follow=True)
        broken = client.post(ADDRESS, {"text": "no header"})
        neither = client.post(ADDRESS, {"text": " "})

        assert "1 person can be invited" in pasted.content.decode()
        assert (broken.status_code, neither.status_code) == (422, 422)
        assert b"first line must name" in broken.content

    def test_the_list_is_its_uploaders_and_for_an_hour(
        self, ada: Membership, max_: Membership, client_of: ClientOf, at: datetime
    ) -> None:
        client = client_of(ada)
        address = self._check(client, GOOD).request["PATH_INFO"]
        assert client.get(f"{address}report/").content.count(b"\r\n") == 2

        assert client_of(max_).get(address).status_code == 404
        assert "ana@away.test" not in InvitationList.objects.get().sealed
        forget_lists(at + 2 * KEPT)
        assert client.get(address).status_code == 404


def test_somebody_invited_meanwhile_stops_the_whole(
    ada: Membership, actor_of: ActorOf, at: datetime
) -> None:
    actor = actor_of(ada)
    report = check(read_sheet(GOOD.encode() + b"ben@away.test\r\n"), actor=actor, at=at)
    send_invitation(actor=actor, at=at, email="ben@away.test", role="viewer")

    with pytest.raises(InvitationsOvertaken):
        invite(report, actor=actor, at=at, only_good=False)

    assert Invitation.objects.count() == 1


def test_only_domains_of_the_policy(ada: Membership, actor_of: ActorOf, at: datetime) -> None:
    Policy.objects.update(invitation_domains=["Acme.test"])
    actor = actor_of(ada)

    assert verdicts("email\na@acme.test\nb@away.test\n", actor, at) == [
        (2, "ready"),
        (3, "domain-not-allowed"),
    ]
    with pytest.raises(Invalid):
        send_invitation(actor=actor, at=at, email="b@away.test", role="viewer")
    assert send_invitation(actor=actor, at=at, email="b@acme.test", role="viewer").pk


@pytest.mark.django_db(transaction=True)
def test_two_lists_at_once_invite_everybody_once(
    ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    actors = [actor_of(ada), actor_of(max_)]
    reports = [check(read_sheet(GOOD.encode()), actor=actor, at=at) for actor in actors]
    attempts = [
        lambda report=report, actor=actor: invite(report, actor=actor, at=at, only_good=False)
        for report, actor in zip(reports, actors, strict=True)
    ]

    results = race(attempts, organization_id=ada.organization_id)

    assert sum(isinstance(result, InvitationsOvertaken) for result in results) == 1
    assert Invitation.objects.count() == 1


class TestTheApi:
    def test_takes_csv_and_json_dry_or_in_earnest(
        self,
        ada: Membership,
        caller_of: Callable[..., Caller],  # noqa: F811
    ) -> None:
        caller = caller_of(ada)
        headers = {"Authorization": f"Bearer {caller.text}"}
        address = "/api/v1/invitations/import"

        dry = caller.client.post(
            f"{address}?dry_run=true", GOOD, content_type="text/csv", headers=headers
        )
        assert dry.status_code == 200
        assert json.loads(dry.content)["ready"] == 1
        assert not Invitation.objects.exists()

        people = [{"email": "ana@away.test"}, {"email": "nonsense"}]
        refused = problem(caller.post("invitations/import", {"people": people}), 422)
        assert refused["errors"][0]["pointer"] == "#/lines/2"
        done = caller.post("invitations/import?only_good=true", {"people": people})
        assert json.loads(done.content)["invited"] == 1
        problem(caller.post("invitations/import", {"people": [{"email": "a", "x": 1}]}), 422)
        utf16 = caller.client.post(
            address, GOOD.encode("utf-16"), content_type="text/csv", headers=headers
        )
        problem(utf16, 422)


class TestTheCommand:
    def _run(self, path: Path, *options: str) -> tuple[int, str]:
        out = io.StringIO()
        try:
            call_command("import_members", str(path), "--organization=acme", *options, stdout=out)
        except SystemExit as left:
            return int(left.code or 0), out.getvalue()
        except CommandError as error:
            return error.returncode, str(error)
        return 0, out.getvalue()

    def test_says_by_its_exit_code_how_it_went(self, ada: Membership, tmp_path: Path) -> None:
        good, bad, none = (tmp_path / name for name in ("good.csv", "bad.csv", "none.csv"))
        good.write_text(GOOD)
        bad.write_text(GOOD + "nonsense\r\n")
        none.write_text("no header")

        assert self._run(good, "--dry-run")[0] == 0
        assert self._run(bad)[0] == 1
        assert self._run(none)[0] == 2
        assert self._run(tmp_path / "missing.csv")[0] == 2
        assert not Invitation.objects.exists()
        code, said = self._run(good, "--json")
        assert (code, json.loads(said)["invited"]) == (0, 1)
        assert Invitation.objects.get().invited_by_id is None
        assert json.loads(said)["lines"][0]["verdict"] == Verdict.READY


def test_the_log_names_the_role_that_was_made_here(
    ada: Membership, actor_of: ActorOf, at: datetime
) -> None:
    actor = actor_of(ada)
    create_role(actor=actor, name="Steward", permissions=["catalog:view"])

    report = check(read_sheet(b"email,role\na@away.test,steward\n"), actor=actor, at=at)
    invite(report, actor=actor, at=at, only_good=False)

    assert Event.objects.get(name=EventName.INVITATION_SENT).facts["role"] == "Steward"


def test_a_team_that_is_gone_meanwhile_stops_the_list_with_words(
    ada: Membership, actor_of: Callable[..., Actor], at: datetime
) -> None:
    by = actor_of(ada)
    team = create_team(actor=by, at=at, name="Finance")
    places = [Place(email="ana@away.test", role="viewer", teams=(team,))]
    delete_team(team, actor=by)

    with pytest.raises(NotFound, match="gone"):
        send_invitations(places, actor=by, at=at)
    assert not Invitation.objects.exists()
