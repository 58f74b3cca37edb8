"""The evidence of a period: read back from its ZIP by other code, and the same sample each time."""

import csv
import hashlib
import io
import json
import tracemalloc
import zipfile
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.identifiers import new_id
from audit.models import Event
from audit.sentences import sentence
from portal.directory.leaving import forget
from portal.directory.models import DirectoryUser
from portal.evidence.bundle import build
from portal.evidence.period import Period, leavers_in, sample_of
from portal.fulfilment import verify_certificate as offline
from portal.fulfilment.models import Certificate
from portal.tickets.actions import file_revocation
from portal.tickets.models import Finding, Step, Tally, Ticket
from tenants.access import Actor, system_actor
from tenants.clock import now
from tenants.models import Membership, Role
from tests.portal.rest.conftest import Caller, caller_of, fresh_limits
from tests.portal.tickets.test_list import done, make_ticket

__all__ = ["caller_of", "fresh_limits"]
pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
CallerOf = Callable[..., Caller]
ActorOf = Callable[..., Actor]
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = "/o/acme/audit/period/"
QUERY = "from=2026-03-01&to=2026-03-31&seed=spring&size=2"


@pytest.fixture
def march(aud: Membership, mia: Membership) -> Membership:
    """In March one proven, one late, one open and one deletion; one each side of the month."""
    proven = make_ticket("REV-1", left=DAY, at=MARCH, **done(MARCH + DAY), subject_label="=cmd()")
    finding = {"ticket": proven, "kind": "token", "label": "gh_1", "tried_at": MARCH}
    Finding.objects.create(
        **finding, fingerprint="a", sealed_handle="secret-handle", answer="refused",
        tried="GET /api/v1/me", detail="401",
    )  # fmt: skip
    Step.objects.create(ticket=proven, position=1, name="proof", status="done", finished_at=MARCH)
    make_ticket("REV-2", left=DAY, at=MARCH, **done(MARCH + 2 * DAY))
    still = make_ticket("REV-3", left=DAY, at=MARCH)
    Finding.objects.create(
        ticket=still, kind="session", label="Firefox", fingerprint="b", sealed_handle="x"
    )
    erased = make_ticket(
        "DEL-4", left=DAY, at=MARCH, kind="deletion", scope="all_metadata",
        subject_kind="organization", contained_at=None, **done(MARCH + DAY, status="erased"),
    )  # fmt: skip
    Tally.objects.create(
        ticket=erased, position=1, store="fields", label="Fields", before=9, erased=9, after=0,
        checked_at=MARCH,
    )  # fmt: skip
    Certificate.objects.create(ticket=erased, document='{"of":"DEL-4"}', signed_at=MARCH)
    first, last = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    make_ticket("REV-5", left=DAY, at=first - timedelta(microseconds=1))
    make_ticket("REV-6", left=DAY, at=last)
    make_ticket("REV-7", left=DAY, at=first)
    _directory_user("Gone One", mia, MARCH)
    _directory_user("Gone Later", None, last)
    return aud


def _directory_user(name: str, member: Membership | None, at: datetime) -> None:
    DirectoryUser.objects.create(
        user_name=name, user_name_key=name.lower(), display_name=name, is_active=False,
        email=f"{name.split()[1].lower()}@acme.test", membership=member, created_at=at,
        changed_at=at,
    )  # fmt: skip


def opened(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def table(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name].decode(), newline="")))


def check_signature(manifest: dict[str, Any], keys: dict[str, Any]) -> None:
    """By hand: RFC 8785 over all but the signature, Ed25519 with the published key."""
    unsigned = {name: value for name, value in manifest.items() if name != "signature"}
    [key] = [key for key in keys["keys"] if key["kid"] == manifest["key"]]
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key["x"] + "=="))
    public.verify(urlsafe_b64decode(manifest["signature"] + "=="), rfc8785.dumps(unsigned))


def downloaded(client: Client, query: str = QUERY) -> bytes:
    answer = client.get(f"{PAGE}evidence.zip?{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    return b"".join(answer.streaming_content)


def test_the_file_is_read_back_by_other_code(march: Membership, client_of: ClientOf) -> None:
    client = client_of(march)
    files = opened(downloaded(client))
    manifest = json.loads(files["manifest.json"])
    hashes = {entry["name"]: entry["sha256"] for entry in manifest["files"]}

    assert hashes == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name != "manifest.json"
    }
    published = json.loads(client.get("/.well-known/gatehouse-keys.json").content)
    check_signature(manifest, published)
    with pytest.raises(InvalidSignature):
        check_signature({**manifest, "sample": {"seed": "other", "size": 2}}, published)
    assert manifest["period"] == {"from": "2026-03-01", "to": "2026-03-31"}
    assert files["certificates/DEL-4.json"] == b'{"of":"DEL-4"}'


def test_the_verifier_finds_a_file_that_was_changed_beside_its_manifest(
    march: Membership, client_of: ClientOf, tmp_path: Path
) -> None:
    client, keys = client_of(march), tmp_path / "fetched.json"
    keys.write_bytes(client.get("/.well-known/gatehouse-keys.json").content)
    judged = [str(tmp_path / "manifest.json"), "--keys", str(keys)]
    zipfile.ZipFile(io.BytesIO(downloaded(client))).extractall(tmp_path)
    assert offline.main(judged) == 0
    with (tmp_path / "leavers.csv").open("a") as leavers:
        leavers.write("one more\n")
    assert offline.main(judged) == 1
    (tmp_path / "leavers.csv").unlink()
    with pytest.raises(CommandError, match=r"leavers\.csv is missing"):
        call_command("certificate_verify", judged[0], keys=keys)


def test_each_request_says_who_when_and_how_it_was_proven(
    march: Membership, client_of: ClientOf
) -> None:
    files = opened(downloaded(client_of(march)))
    rows = {row["number"]: row for row in table(files, "requests.csv")}
    lines = [json.loads(line) for line in files["requests.jsonl"].decode().splitlines()]

    assert sorted(rows) == sorted(line["number"] for line in lines)
    assert sorted(rows) == ["DEL-4", "REV-1", "REV-2", "REV-3", "REV-7"]
    assert rows["REV-1"]["about"] == "'=cmd()"
    assert rows["REV-1"]["asked by"] == "Ada Okafor"
    assert rows["REV-1"]["last possible access"].startswith("2026-03-10T12:00:00")
    told = {number: (row["clock"], row["proven"]) for number, row in rows.items()}
    assert told == {
        "DEL-4": ("on_time", "yes"), "REV-1": ("on_time", "yes"), "REV-2": ("late", "yes"),
        "REV-3": ("late", "no"), "REV-7": ("late", "no"),
    }  # fmt: skip
    first = next(line for line in lines if line["number"] == "REV-1")
    assert first["ways_in"][0]["answer"] == "refused"
    assert first["steps"][0]["name"] == "proof"
    assert [row["answer"] for row in table(files, "ways-in.csv")] == ["refused", "untried"]
    assert table(files, "stores.csv")[0]["after"] == "0"
    assert [row["name"] for row in table(files, "leavers.csv")] == ["Gone One"]
    assert table(files, "leavers.csv")[0]["still has access"] == "yes"
    assert b"secret-handle" not in b"".join(files.values())


def test_whom_the_directory_deleted_stands_there_with_their_request(
    ada: Membership, mia: Membership, actor_of: ActorOf
) -> None:
    """Though the entry itself is gone, and whether it ever was a member or not."""
    at = now()
    for name, member in (("Gone Mia", mia), ("Gone Nobody", None)):
        _directory_user(name, member, at)
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)
    for user in DirectoryUser.objects.order_by("user_name"):
        forget(user, actor=system_actor(ada.organization))
    period = Period(at - DAY, now() + DAY)
    told = {one.name: one for one in leavers_in(period, actor_of(ada)) if one.how == "deleted"}
    assert (told["Gone Mia"].number, told["Gone Mia"].blocked_at) == (ticket.number, at)
    assert told["Gone Nobody"].number == ""


def test_a_sample_is_the_same_for_the_same_seed_and_can_be_worked_out_by_hand(
    march: Membership, client_of: ClientOf, caller_of: CallerOf, sia: Membership
) -> None:
    numbers = ["DEL-4", "REV-1", "REV-2", "REV-3", "REV-7"]
    by_hand = sorted(numbers, key=lambda n: hashlib.sha256(f"spring:{n}".encode()).hexdigest())[:2]
    client = client_of(march)

    assert [row["number"] for row in table(opened(downloaded(client)), "sample.csv")] == by_hand
    shown = client.get(f"{PAGE}?{QUERY}").context["sample"]
    answer = json.loads(caller_of(sia).get(f"evidence/sample?{QUERY}").content)
    assert {fact.ticket.number for fact, _title, _verdict in shown} == set(by_hand)
    assert {fact["number"] for fact in answer["sample"]} == set(by_hand)
    assert answer["total"] == 5
    assert sample_of(reversed(numbers), seed="spring", size=2) == by_hand
    assert sample_of(numbers, seed="autumn", size=5) != sample_of(numbers, seed="x", size=5)


def test_the_export_is_an_event_and_the_look_is_none(
    march: Membership, client_of: ClientOf
) -> None:
    client = client_of(march)
    client.get(f"{PAGE}?{QUERY}")
    assert not Event.objects.filter(name="evidence.exported").exists()
    downloaded(client)
    event = Event.objects.get(name="evidence.exported")
    assert "2026-03-01 to 2026-03-31 (5 requests)" in sentence(event)


def test_the_same_over_the_api(march: Membership, sia: Membership, caller_of: CallerOf) -> None:
    caller = caller_of(sia)
    answer = caller.get(f"evidence?{QUERY}")
    files = opened(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert len(table(files, "requests.csv")) == 5
    assert caller.get("evidence").status_code in {400, 422}


BAD = [
    "from=2026-03-31&to=2026-03-01", "from=x&to=2026-03-01", "to=2026-03-01", "from=2026-03-01",
    f"{QUERY}0000", "from=2026-03-01&to=9999-12-31", "from=2026-03-01&to=2026-03-31&seed=%00",
    "from=2026-03-01&to=2026-03-31&size=0",
]  # fmt: skip


def test_what_is_no_period_is_refused(
    march: Membership, sia: Membership, client_of: ClientOf, caller_of: CallerOf
) -> None:
    client, caller = client_of(march), caller_of(sia)
    for query in BAD:
        assert client.get(f"{PAGE}?{query}").status_code == 422, query
        assert client.get(f"{PAGE}evidence.zip?{query}").status_code == 422, query
        assert caller.get(f"evidence?{query}").status_code in {400, 422}, query
        assert caller.get(f"evidence/sample?{query}").status_code in {400, 422}, query
    assert client.get(PAGE).status_code == 200
    assert not Event.objects.filter(name="evidence.exported").exists()


def test_it_is_for_those_who_may_see_both_requests_and_the_log(
    march: Membership, mia: Membership, ned: Membership, client_of: ClientOf
) -> None:
    for path in (f"{PAGE}?{QUERY}", f"{PAGE}evidence.zip?{QUERY}"):
        assert client_of(mia).get(path).status_code == 403
        assert client_of(ned).get(path).status_code == 404
    role = Role.objects.create(name="Log", permissions=["audit:view", "audit:export"])
    Membership.objects.filter(pk=mia.pk).update(custom_role=role)
    mia.refresh_from_db()
    for path in (f"{PAGE}?{QUERY}", f"{PAGE}evidence.zip?{QUERY}"):
        assert client_of(mia).get(path).status_code == 403
    assert not Event.objects.filter(name="evidence.exported").exists()


def test_nothing_of_another_organization_is_in_it(
    march: Membership, ned: Membership, client_of: ClientOf
) -> None:
    answer = client_of(ned).get(f"/o/globex/audit/period/evidence.zip?{QUERY}")
    files = opened(b"".join(answer.streaming_content))
    assert table(files, "requests.csv") == table(files, "leavers.csv") == []


def _many(rows: int) -> None:
    one = Ticket.objects.get(number="REV-2")
    fields = {f.attname: getattr(one, f.attname) for f in Ticket._meta.concrete_fields}
    made = Ticket.objects.bulk_create(
        Ticket(**{**fields, "id": new_id(), "subject_id": new_id(), "number": f"REV-{n}"})
        for n in range(1000, 1000 + rows)
    )
    Finding.objects.bulk_create(
        Finding(ticket=each, kind="token", label="x" * 100, fingerprint="f", sealed_handle="s")
        for each in made
    )


@pytest.mark.thorough
def test_memory_does_not_grow_with_the_period(
    march: Membership, actor_of: ActorOf, at: datetime
) -> None:
    period = Period(MARCH - 20 * DAY, MARCH + 20 * DAY, seed="x")
    actor = actor_of(march)

    def peak() -> int:
        tracemalloc.start()
        build(period, actor=actor, at=at).close()
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    _many(400)
    peak()
    few = peak()
    more = Ticket.objects.get(number="REV-1000")
    fields = {f.attname: getattr(more, f.attname) for f in Ticket._meta.concrete_fields}
    Ticket.objects.bulk_create(
        Ticket(**{**fields, "id": new_id(), "subject_id": new_id(), "number": f"REV-{n}"})
        for n in range(10_000, 14_000)
    )
    assert peak() < few * 1.5


def test_the_page_costs_the_same_for_two_requests_and_two_thousand(
    march: Membership, client_of: ClientOf
) -> None:
    client = client_of(march)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{PAGE}?{QUERY}")
        return len(queries)

    statements()
    few = statements()
    _many(2000)
    statements()  # once a minute the visit is noted
    assert statements() == few
