"""A list of leavers: what each line comes to, and requests exactly as they were shown."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from audit.refusals import Invalid, StepUpNeeded
from portal.people import leaving
from portal.people.actions.many import PreviewOvertaken
from portal.people.ends import end_of_day
from portal.people.filing_leavers import file_leavers
from portal.people.leavers import LAYOUT, Leaver, Report, Verdict, check
from portal.people.leaving import foresee
from portal.people.models import InvitationList
from portal.people.sheets import read_sheet
from portal.tickets.actions import file_revocation
from portal.tickets.models import Ticket
from tenants.access import Actor, system_actor
from tenants.actions.invitations import send_invitation
from tenants.actions.suspending import suspend_member
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tests.cast import make_member
from tests.portal.rest.conftest import Caller, caller_of, fresh_limits

__all__ = ["caller_of", "fresh_limits"]
pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
CallerOf = Callable[..., Caller]
PAGE = "/o/acme/members/leavers/"
V = Verdict


def report_on(text: str | bytes, actor: Actor, at: datetime) -> Report:
    raw = text if isinstance(text, bytes) else text.encode()
    return check(read_sheet(raw, LAYOUT), actor=actor, at=at)


def verdicts(report: Report) -> list[str]:
    return [line.verdict for line in report.lines]


def upload(text: str | bytes) -> dict[str, Any]:
    raw = text if isinstance(text, bytes) else text.encode()
    return {"file": SimpleUploadedFile("leavers.csv", raw, "text/csv"), "reason": "March"}


def day(at: datetime, days: int) -> str:
    return f"{(at.astimezone(UTC) + timedelta(days=days)):%Y-%m-%d}"


def test_each_line_is_told_what_it_is(
    ada: Membership, max_: Membership, mia: Membership, sia: Membership, actor_of: ActorOf,
    at: datetime,
) -> None:  # fmt: skip
    actor = actor_of(ada)
    suspend_member(max_, actor=actor, at=at)
    filed = file_revocation(sia, actor=actor, at=at)
    gone = make_member(ada.organization, "Leo Marsh", BuiltInRole.EDITOR)
    Membership.objects.filter(pk=gone.pk).update(status="revoked", contained_at=at, revoked_at=at)
    send_invitation(actor=actor, at=at, email="nia@away.test", role="viewer")

    report = report_on(
        "E-Mail;Name;Phone;Last working day\r\n"
        f"MIA@acme.test;Mia;+49 1;{day(at, 9)}\r\n"
        "max@acme.test;;;2020-01-01\r\n"
        "sia@acme.test;;;\r\n"
        "leo@acme.test;;;\r\n"
        "nia@away.test;;;\r\n"
        "nobody@acme.test;;;\r\n"
        "ada@acme.test;;;\r\n"
        "mia@acme.test;;;\r\n"
        "nobody@acme.test;;;\r\n"
        "no address;;;\r\n"
        ";;;2027-01-01\r\n"
        "max@acme.test;;;31.12.2027\r\n"
        "=cmd@acme.test;;;\r\n",
        actor, at,
    )  # fmt: skip

    assert verdicts(report) == [
        V.HAS_ACCESS, V.SUSPENDED, V.FILED, V.REVOKED, V.INVITED, V.UNKNOWN, V.OWN, V.TWICE,
        V.TWICE, V.ADDRESS, V.ADDRESS, V.DAY, V.UNREADABLE,
    ]  # fmt: skip
    ends_at = end_of_day((at.astimezone(UTC) + timedelta(days=9)).date())
    assert report.leavers == [Leaver(mia.pk, ends_at), Leaver(max_.pk)]
    assert report.lines[2].said == filed.number
    assert "line 2" in report.lines[7].said


def test_a_request_for_later_is_brought_forward_and_never_put_off(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    actor = actor_of(ada)
    planned = end_of_day((at.astimezone(UTC) + timedelta(days=9)).date())
    file_revocation(mia, actor=actor, at=at, effective_at=planned)

    def told(last_day: str) -> list[str]:
        return verdicts(report_on(f"email,last day\nmia@acme.test,{last_day}\n", actor, at))

    assert told(day(at, 9)) == told(day(at, 20)) == [V.FILED]
    assert told(day(at, 3)) == told("") == [V.HAS_ACCESS]
    leaver = report_on("email\nmia@acme.test\n", actor, at).leavers
    file_leavers(leaver, actor=actor, at=at, digest=foresee(leaver, actor=actor, at=at).digest)
    assert Ticket.objects.get().status == "contained"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "nothing in it"),
        (b"name\nMia\n", "must name the columns: email, last day"),
        (b"email,E-Mail\na@b.test,\n", "names a column twice"),
        (b"email\n", "nobody below"),
        ("email\nmia@acme.test\n".encode("utf-16"), "UTF-16"),
        (b"email\n" + b"a" * LAYOUT.max_bytes, "12 MB"),
        (b"email\n" + b"a@b.test\n" * (LAYOUT.max_lines + 1), "100,000 lines"),
    ],
)
def test_what_is_no_list_is_refused_with_what_to_do(raw: bytes, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_sheet(raw, LAYOUT)
    assert said in str(refused.value.errors["file"])


@pytest.mark.thorough
def test_a_hundred_thousand_lines_are_held_against_the_people_once(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    actor = actor_of(ada)
    lines = "".join(f"p{n}@acme.test\n" for n in range(LAYOUT.max_lines - 1))
    with django_assert_max_num_queries(4):
        report = report_on(f"email\n{lines}mia@acme.test\n", actor, at)
    assert report.counts() == {V.HAS_ACCESS: 1, V.UNKNOWN: LAYOUT.max_lines - 1}


def test_other_encodings_are_told_by_line(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    raw = "email,last day\nmia@acme.test,2020-01-01\nzoë@acme.test,\n".encode("latin-1")
    assert verdicts(report_on(raw, actor_of(ada), at)) == [V.HAS_ACCESS, V.UNREADABLE]
    marked = "\ufeffemail\r\nmia@acme.test\r\n".encode()
    assert verdicts(report_on(marked, actor_of(ada), at)) == [V.HAS_ACCESS]


def test_looking_changes_and_keeps_nothing(
    ada: Membership, mia: Membership, client_of: ClientOf
) -> None:
    client = client_of(ada)
    before = list(Membership.objects.order_by("pk").values())
    answer = client.post(PAGE, upload("email\nmia@acme.test\nnobody@away.test\n"))
    assert answer.status_code == 200
    assert "1 leaver is not revoked yet" in answer.text
    assert "Unknown here" in answer.text
    assert (Ticket.objects.count(), InvitationList.objects.count()) == (0, 0)
    for row in before:
        row.pop("last_seen_at")
    after = list(Membership.objects.order_by("pk").values())
    for row in after:
        row.pop("last_seen_at")
    assert after == before


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(leavers|digest|reason)" value="([^"]*)"', page)
    return dict(found)


def test_one_click_files_what_was_shown(
    ada: Membership, mia: Membership, max_: Membership, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(ada)
    shown = client.post(
        PAGE, upload(f"email,last day\nmia@acme.test,\nmax@acme.test,{day(at, 5)}\n")
    ).text
    done = client.post(PAGE, {**hidden(shown), "commit": "yes"})
    assert "2 requests filed" in done.text
    found = {t.subject_id: t for t in Ticket.objects.all()}
    assert found[mia.pk].status == "contained"
    assert found[mia.pk].reason == "March"
    assert found[max_.pk].status == "scheduled"
    assert {t.source for t in found.values()} == {"leavers"}
    listed = client.get("/o/acme/requests/?source=leavers").context["page"].rows
    assert len(listed) == 2
    again = client.post(PAGE, upload("email\nmia@acme.test\nmax@acme.test\n"))
    assert again.context["count"] == 1  # Max's may be brought forward


def test_what_changed_meanwhile_is_shown_again_and_nothing_is_filed(
    ada: Membership, mia: Membership, max_: Membership, client_of: ClientOf, actor_of: ActorOf,
    at: datetime,
) -> None:  # fmt: skip
    client = client_of(ada)
    shown = client.post(PAGE, upload("email\nmia@acme.test\nmax@acme.test\n")).text
    Membership.objects.filter(pk=max_.pk).update(role=BuiltInRole.VIEWER)
    answer = client.post(PAGE, {**hidden(shown), "commit": "yes"})
    assert answer.status_code == 409
    assert not Ticket.objects.exists()
    done = client.post(PAGE, {**hidden(answer.text), "commit": "yes"})
    assert "2 requests filed" in done.text


def test_the_last_owner_and_owners_stay_and_the_rest_is_filed(
    ada: Membership, max_: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    actor = actor_of(max_)  # an admin: an owner is not theirs to revoke
    leavers = report_on("email\nada@acme.test\nmia@acme.test\n", actor, at).leavers
    plan = foresee(leavers, actor=actor, at=at)
    assert [line.leaver.member_id for line in plan.refused] == [ada.pk]
    go = file_leavers(leavers, actor=actor, at=at, digest=plan.digest)
    assert [line.leaver.member_id for line in go.plan.filed] == [mia.pk]
    ada.refresh_from_db()
    assert ada.status == Membership.Status.ACTIVE


def test_of_two_owners_who_leave_the_later_one_stays(
    ada: Membership, mia: Membership, monkeypatch: pytest.MonkeyPatch, at: datetime
) -> None:
    """Also across two chunks: the preview of the second knows what the first does."""
    monkeypatch.setattr(leaving, "CHUNK", 1)
    other = make_member(ada.organization, "Olu Second", BuiltInRole.OWNER)
    actor = system_actor(ada.organization)
    leavers = [Leaver(ada.pk), Leaver(other.pk), Leaver(mia.pk)]
    plan = foresee(leavers, actor=actor, at=at)
    assert [line.leaver.member_id for line in plan.refused] == [other.pk]
    go = file_leavers(leavers, actor=actor, at=at, digest=plan.digest)
    assert go.plan.digest == plan.digest
    assert Membership.objects.filter(role="owner", status="active").get().pk == other.pk


def test_a_go_that_is_overtaken_stops_and_says_so(
    ada: Membership, mia: Membership, max_: Membership, actor_of: ActorOf,
    monkeypatch: pytest.MonkeyPatch, at: datetime,
) -> None:  # fmt: skip
    monkeypatch.setattr(leaving, "CHUNK", 1)
    actor = actor_of(ada)
    leavers = [Leaver(mia.pk), Leaver(max_.pk)]
    first, _second = foresee(leavers, actor=actor, at=at).digest.split(".")
    go = file_leavers(leavers, actor=actor, at=at, digest=f"{first}.{'0' * 32}")
    assert (go.is_overtaken, len(go.plan.filed)) == (True, 1)
    assert list(Ticket.objects.values_list("subject_id", flat=True)) == [mia.pk]
    with pytest.raises(PreviewOvertaken):
        file_leavers([Leaver(max_.pk)], actor=actor, at=at, digest="0" * 32)
    with pytest.raises(PreviewOvertaken):
        file_leavers(leavers, actor=actor, at=at, digest="")
    assert Ticket.objects.count() == 1


def test_more_than_one_go_is_carried_on(
    ada: Membership, mia: Membership, max_: Membership, sia: Membership, client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for module in ("portal.people.leaving", "portal.people.views.leavers"):
        monkeypatch.setattr(f"{module}.MOST", 2)
    client = client_of(ada)
    page = client.post(PAGE, upload("email\nmia@acme.test\nmax@acme.test\nsia@acme.test\n"))
    assert page.context["later"] == 1
    done = client.post(PAGE, {**hidden(page.text), "commit": "yes"})
    assert "Look at 1 more" in done.text
    shown = client.post(PAGE, hidden(done.text))
    assert "File 1 request" in shown.text
    client.post(PAGE, {**hidden(shown.text), "commit": "yes"})
    assert Ticket.objects.count() == 3


def test_the_report_is_a_spreadsheet_without_formulas(
    ada: Membership, mia: Membership, client_of: ClientOf
) -> None:
    given = {**upload("email\nmia@acme.test\n=1+1\n"), "download": "yes"}
    rows = list(csv.reader(io.StringIO(client_of(ada).post(PAGE, given).text)))
    assert [row[2] for row in rows[1:]] == ["has-access", "unreadable"]
    assert rows[2][1] == "'=1+1"


BAD = ["", "x", "x@2027-01-01", "01900000-0000-7000-8000-000000000000@31.12.2027", "," * 30_000]


def test_nothing_unfit_gets_through_the_hidden_fields(
    ada: Membership, ned: Membership, client_of: ClientOf
) -> None:
    client = client_of(ada)
    for leavers in BAD:
        answer = client.post(PAGE, {"leavers": leavers, "commit": "yes"})
        assert answer.status_code in {302, 422}, leavers[:40]
    foreign = client.post(PAGE, {"leavers": str(ned.pk)})
    assert "There is no such member." in foreign.text
    assert not Ticket.objects.exists()


def test_the_page_needs_the_right_and_a_proof_of_oneself(
    ada: Membership, mia: Membership, aud: Membership, ned: Membership, client_of: ClientOf,
    actor_of: ActorOf, at: datetime,
) -> None:  # fmt: skip
    assert client_of(aud).get(PAGE).status_code == 403
    assert client_of(ned).get(PAGE).status_code == 404
    stale = client_of(ada, stepped_up=False)
    assert "/step-up/" in stale.post(PAGE, {"leavers": str(mia.pk), "commit": "yes"})["Location"]
    with pytest.raises(StepUpNeeded):
        foresee([Leaver(mia.pk)], actor=actor_of(ada, stepped_up=False), at=at)
    assert not Ticket.objects.exists()


def test_the_same_over_the_api(
    ada: Membership, mia: Membership, caller_of: CallerOf, client_of: ClientOf
) -> None:
    client_of(ada)  # a session that has just stepped up
    caller = caller_of(ada)

    def send(query: str, text: str) -> tuple[int, dict[str, Any]]:
        answer = caller.client.generic(
            "POST", f"/api/v1/leavers{query}", text.encode(), content_type="text/csv",
            headers={"Authorization": f"Bearer {caller.text}"},
        )  # fmt: skip
        return answer.status_code, json.loads(answer.content)

    text = "email\nmia@acme.test\nnobody@away.test\n"
    status, looked = send("", text)
    assert (status, looked["done"], looked["filings"][0]["number"]) == (200, False, "")
    assert [line["verdict"] for line in looked["lines"]] == ["has-access", "unknown"]
    assert not Ticket.objects.exists()
    assert send(f"?digest={'0' * 32}", text)[0] == 412
    status, done = send(f"?digest={looked['digest']}&reason=March", text)
    assert (status, done["done"], done["filings"][0]["number"]) == (200, True, "REV-1001")
    body = {"leavers": [{"email": "mia@acme.test", "last_day": "2027-01-31"}]}
    known = json.loads(caller.post("leavers", body).content)
    assert [line["verdict"] for line in known["lines"]] == ["already-filed"]
    assert caller.post("leavers", {"leavers": [{"email": 1}]}).status_code == 422
    assert caller.post("leavers", {"leavers": []}).status_code == 422
    assert send("", "nonsense")[0] == 422


def told(*arguments: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("revoke_members", *arguments, "--organization", "acme", "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_same_on_the_command_line(
    ada: Membership, mia: Membership, max_: Membership, tmp_path: Path
) -> None:
    path = tmp_path / "leavers.csv"
    path.write_text("email,last day\nmia@acme.test,\nmax@acme.test,\nnobody@away.test,\n")
    [rehearsed] = told(str(path), "--dry-run")
    assert (rehearsed["filed"], rehearsed["to_file"]) == (0, 2)
    assert not Ticket.objects.exists()
    [done] = told(str(path), "--reason", "March")
    assert done["filed"] == 2
    assert [line["number"] for line in done["lines"]] == ["REV-1001", "REV-1002", ""]
    [again] = told(str(path))
    assert (again["filed"], again["lines"][0]["verdict"]) == (0, "already-filed")
    with pytest.raises(CommandError) as missing:
        told(str(tmp_path / "nothing.csv"))
    assert missing.value.returncode == 2
    path.write_text("nonsense\n")
    with pytest.raises(CommandError) as unusable:
        told(str(path))
    assert unusable.value.returncode == 2
