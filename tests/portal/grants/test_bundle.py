"""A diagnosis bundle: nothing planted is in it, the customer signs, every opening is told."""

import ast
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StepUpNeeded
from audit.signing import own_keys, verify
from portal.catalog.models import Field, ImportRun, Integration, Metric, Resource
from portal.grants import diagnosis
from portal.grants.actions.bundling import make_bundle, open_bundle, send_bundle
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.requests import request_grant
from portal.grants.diagnosis import ERROR_CODES, plain
from portal.grants.models import Bundle, BundleOpening, Case, Grant
from portal.grants.refusals import BundleSent
from tenants.access import Actor
from tenants.models import Membership, Organization
from tests.cast import make_token_text
from tests.portal.grants.conftest import wish

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]
CANARY = "Zanzibar-7431"


def plant(case: Case, sia: Membership, at: datetime) -> None:
    """The canary in every text that a bundle's sources have."""
    source = case.integrations.get().integration_id
    every = f"{CANARY} erin@{CANARY}.test"
    Integration.objects.filter(pk=source).update(
        name=every, last_error_hint=every, last_error_code=CANARY, status="failing",
        last_error_at=at, warnings=[{"code": CANARY, "names": [every], "rights": [every]}],
        credential=every,
        credential_set_at=at, connection={"host": every, "user": every}, scopes=[every],
    )  # fmt: skip
    Case.objects.update(title=every, description=every, external_reference=CANARY)
    case.integrations.update(label=every)
    Resource.objects.update(name=every, description=every, schema=CANARY)
    Field.objects.update(name=every, description=every)
    Metric.objects.update(name=every)
    ImportRun.objects.create(
        integration_id=source, status="failed", queued_at=at, started_at=at, finished_at=at,
        bytes_total=10, error_code=CANARY, error_message=every, error_file=CANARY,
        error_key=every, error_line=4, counts={"resources": 3, CANARY: 1, "fields": every},
    )  # fmt: skip
    Organization.objects.update(name=every)
    Membership.objects.filter(pk=sia.pk).update(name=every)


@pytest.fixture
def made(case: Case, sia: Membership, actor_of: ActorOf, at: datetime) -> Bundle:
    return make_bundle(case, actor=actor_of(sia), at=at)


def test_nothing_planted_is_in_it(
    case: Case, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    plant(case, sia, at)
    sia.refresh_from_db()
    by = actor_of(sia)

    sent = send_bundle(make_bundle(case, actor=by, at=at), actor=by, at=at)

    kept = sent.document + json.dumps(sent.lines)
    assert CANARY.lower() not in kept.lower()
    assert "erin" not in kept
    values = {line["name"]: line["value"] for line in sent.lines}
    assert values["Error in line"] == 4
    assert values["Resources"] == 3
    assert "unknown" in [line["value"] for line in sent.lines if line["name"] == "Error code"]


@pytest.mark.parametrize("text", ["a name", b"bytes", ["list"], {"a": 1}, 1.5])
def test_a_line_takes_no_text_of_unknown_origin(text: object) -> None:
    with pytest.raises(TypeError):
        plain(text)


def test_it_knows_every_code_the_catalogue_gives() -> None:
    found = set()
    for path in Path("portal/catalog").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Refused"):
                found |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant)}

    assert found - ERROR_CODES == set()
    assert "too-large" in found
    assert {"wrong-password", "tls-failed"} <= ERROR_CODES


def test_only_the_lines_that_were_kept_are_signed(
    made: Bundle, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    dropped = made.lines[5]

    sent = send_bundle(made, actor=actor_of(sia), at=at, leave_out=[5])

    document = json.loads(sent.document)
    verify(document, own_keys())
    assert dropped not in document["lines"]
    assert document["left_out"] == 1
    with pytest.raises(BundleSent):
        send_bundle(made, actor=actor_of(sia), at=at)
    with pytest.raises(BundleSent):
        send_bundle(sent, actor=actor_of(sia), at=at)


def test_sending_is_signed_by_a_person_who_proved_themselves_and_keeps_something(
    made: Bundle, sia: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    with pytest.raises(StepUpNeeded):
        send_bundle(made, actor=actor_of(sia, stepped_up=False), at=at)
    with pytest.raises(NotPermitted):
        send_bundle(made, actor=actor_of(mia), at=at)
    with pytest.raises(Invalid):
        send_bundle(made, actor=actor_of(sia), at=at, leave_out=range(len(made.lines)))
    assert not Bundle.objects.filter(sent_at__isnull=False).exists()


def test_a_second_draft_takes_the_place_of_the_first(
    made: Bundle, case: Case, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    again = make_bundle(case, actor=actor_of(sia), at=at + timedelta(minutes=1))

    assert list(Bundle.objects.all()) == [again]


def test_needs_something_attached(
    organization: Organization, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    empty = open_case(CaseFacts("Nothing yet"), actor=actor_of(sia), at=at)
    with pytest.raises(Invalid):
        make_bundle(empty, actor=actor_of(sia), at=at)


def test_staff_open_what_was_sent_and_each_opening_is_kept(
    made: Bundle, sia: Membership, sam: Membership, actor_of: ActorOf, staff_of: StaffOf,
    at: datetime,
) -> None:  # fmt: skip
    visitor = staff_of(sam)
    assert not Bundle.objects.visible_to(visitor).exists()
    with pytest.raises(NotPermitted):
        open_bundle(made, actor=visitor, at=at, route="test")
    with pytest.raises(NotPermitted):
        make_bundle(made.case, actor=visitor, at=at)

    sent = send_bundle(made, actor=actor_of(sia), at=at)
    open_bundle(sent, actor=visitor, at=at, route="test")

    assert list(BundleOpening.objects.values_list("staff_id", flat=True)) == [sam.pk]
    assert Event.objects.get(name="bundle.opened").actor_kind == "staff"


def test_integrations_that_are_gone_are_left_out(
    case: Case, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    case.integrations.update(integration_id=uuid4())

    lines = diagnosis.lines_of(case, actor_of(sia))

    assert {line["part"] for line in lines} == {"Gatehouse"}


def test_from_the_draft_to_the_opening_in_browsers(
    case: Case, sia: Membership, sam: Membership, client_of: Callable[..., Client]
) -> None:
    customer, engineer = client_of(sia), client_of(sam)
    here = "/o/acme/cases/CASE-101/bundle/"
    assert "No draft" in customer.get(here).content.decode()
    assert customer.post(f"{here}make/").status_code == 302
    page = customer.get(here).content.decode()
    assert "Sign and send" in page
    assert "Shop" not in page.split("<main")[1]
    lines = Bundle.objects.get().lines

    kept = [str(place) for place in range(len(lines)) if place != 3]
    assert customer.post(f"{here}send/", {"keep": [*kept, "999"]}).status_code == 302
    assert not Bundle.objects.get().is_sent
    sent = customer.post(f"{here}send/", {"keep": kept})
    made = Bundle.objects.get()
    assert sent.headers["Location"].endswith(f"/bundles/{made.pk}/")
    assert len(made.lines) == len(lines) - 1
    place = f"/o/acme/cases/CASE-101/bundles/{made.pk}"
    verify(json.loads(customer.get(f"{place}.json").content), own_keys())

    console = f"/console/cases/acme/CASE-101/bundles/{made.pk}/"
    assert str(made.pk) in engineer.get("/console/cases/acme/CASE-101/").content.decode()
    assert engineer.get(console).status_code == 200
    assert engineer.get(f"{console}download/").content.decode() == made.document
    assert BundleOpening.objects.count() == 2
    assert "Sam" in customer.get(f"{place}/").content.decode()
    assert engineer.get(console.replace("CASE-101", "CASE-102")).status_code == 404


def test_by_the_api(
    case: Case, sia: Membership, sam: Membership, client: Client, actor_of: ActorOf, at: datetime
) -> None:
    mine = {"authorization": f"Bearer {make_token_text(sia)}"}
    theirs = {"authorization": f"Bearer {make_token_text(sam)}"}
    asked = {"headers": mine, "content_type": "application/json"}
    made = client.post("/api/v1/bundles", {"case": str(case.pk)}, **asked)
    assert made.status_code == 201, made.json()
    here = f"/api/v1/bundles/{made.json()['id']}"
    assert client.post(f"{here}/send", {"leave_out": [0]}, **asked).status_code == 403
    hidden = f"/api/v1/support/bundles/{made.json()['id']}"
    assert client.get(hidden, headers=theirs).status_code == 404
    send_bundle(Bundle.objects.get(), actor=actor_of(sia), at=at)

    listed = client.get("/api/v1/support/bundles", headers=theirs).json()["results"]
    assert [row["case"] for row in listed] == ["CASE-101"]
    document = client.get(hidden, headers=theirs).json()["document"]

    verify(document, own_keys())
    shown = client.get(here, headers=mine).json()
    assert shown["document"] == document
    assert [row["staff_id"] for row in shown["openings"]] == [str(sam.pk)]
    assert client.post("/api/v1/bundles", {"case": str(uuid4())}, **asked).status_code == 422


class TestAsTheFirstStep:
    """Once the customer has sent a diagnosis, a request says what it does not tell."""

    GAP = "It names the code of the error, and not the column."

    def test_a_request_after_it_says_why_it_is_not_enough(
        self, made: Bundle, case: Case, sia: Membership, sam: Membership, actor_of: ActorOf,
        staff_of: StaffOf, at: datetime,
    ) -> None:  # fmt: skip
        scope = tuple(row.as_scope() for row in case.integrations.all())
        send_bundle(made, actor=actor_of(sia), at=at)
        for gap in ("", "no", " " * 40):
            with pytest.raises(Invalid) as refused:
                request_grant(
                    case, actor=staff_of(sam), at=at, wish=wish(scope=scope, bundle_gap=gap)
                )
            assert list(refused.value.errors) == ["bundle_gap"]
        assert not Grant.objects.exists()
        given = wish(scope=scope, bundle_gap=f" {self.GAP} ")
        assert request_grant(case, actor=staff_of(sam), at=at, wish=given).bundle_gap == self.GAP

    def test_the_form_asks_and_the_customer_reads_it(
        self, made: Bundle, case: Case, sia: Membership, sam: Membership, actor_of: ActorOf,
        client_of: Callable[..., Client], at: datetime,
    ) -> None:  # fmt: skip
        address = f"/console/cases/acme/{case.reference}/request/"
        staff = client_of(sam)
        assert "bundle_gap" not in staff.get(address).content.decode()
        send_bundle(made, actor=actor_of(sia), at=at)
        assert "bundle_gap" in staff.get(address).content.decode()
        filled = {
            "reason_code": "customer_support",
            "justification": "Nightly imports fail since Tuesday.",
            "capabilities": ["status"],
            "integrations": [str(case.integrations.get().integration_id)],
            "duration": "86400",
        }
        assert staff.post(address, filled).status_code == 422
        answer = staff.post(address, {**filled, "bundle_gap": self.GAP})
        assert answer.status_code == 302
        reference = Grant.objects.get().reference
        assert self.GAP in client_of(sia).get(f"/o/acme/access/{reference}/").content.decode()
