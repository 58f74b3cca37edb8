"""A diagnosis bundle: nothing planted is in it, the customer signs, every opening is told."""

import ast
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StepUpNeeded
from audit.signing import own_keys, verify
from portal.catalog.models import Field, ImportRun, Integration, Metric, Resource
from portal.grants import diagnosis
from portal.grants.actions.bundling import make_bundle, open_bundle, send_bundle
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.diagnosis import ERROR_CODES, plain
from portal.grants.models import Bundle, BundleOpening, Case
from portal.grants.refusals import BundleSent
from tenants.access import Actor
from tenants.models import Membership, Organization

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
