"""Documents sent by agents: taken over whole, once, or refused with the place of what is wrong."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.catalog.actions import create_integration
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import Field, ImportRun, Integration, Metric, Resource, Upload
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.cast import make_machine

pytestmark = pytest.mark.django_db
Push = Callable[..., Any]
Document = dict[str, Any]


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


def make(actor: Actor, kind: str) -> Integration:
    return create_integration(actor=actor, at=timezone.now(), name=f"By agent, {kind}", kind=kind)


@pytest.fixture
def target(max_actor: Actor) -> Integration:
    return make(max_actor, "json")


@pytest.fixture
def scans(max_actor: Actor) -> Integration:
    return make(max_actor, "scan_results")


@pytest.fixture
def agent(max_actor: Actor, max_: Membership) -> str:
    _token, text = issue_token(
        actor=max_actor,
        at=timezone.now(),
        name="agent",
        kind="agent",
        service_account=make_machine(max_, role="admin"),
        scopes=["catalog:push"],
        lasts=timedelta(days=1),
    )
    return text


@pytest.fixture
def push(agent: str) -> Push:
    def send(target: Integration, body: Any, **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Client().post(
            f"/api/v1/integrations/{target.pk}/push",
            raw,
            content_type="application/json",
            headers={"Authorization": f"Bearer {agent}", **headers},
        )

    return send


def document(**first: Any) -> Document:
    orders = {
        "key": "shop.orders",
        "name": "orders",
        "schema": "shop",
        "owner": "finance",
        "description": "All orders",
        "tags": ["gold"],
        "row_count": 12,
        "fields": [{"name": "id", "type": "bigint"}, {"name": "total", "description": "Net"}],
        **first,
    }
    other = {"key": "shop.report", "kind": "dashboard", "name": "r", "upstream": ["shop.orders"]}
    return {"metadata": {"schema": "gatehouse-metadata/1"}, "resources": [orders, other]}


def scan(**first: Any) -> Document:
    check = {
        "identity": "c-1",
        "name": "row_count > 0",
        "type": "generic",
        "definition": "checks for orders:\n  - row_count > 0",
        "dataSource": "shop",
        "table": "orders",
        "column": "id",
        "outcome": "pass",
        "diagnostics": {"blocks": [], "value": 12},
        **first,
    }
    other = {**check, "identity": "c-2", "name": "missing_count(id) = 0", "outcome": "fail"}
    return {
        "definitionName": "nightly",
        "dataTimestamp": "2026-01-31T08:00:00+00:00",
        "hasFailures": True,
        "metrics": [{"metricName": "row_count", "value": 12}],
        "checks": [check, other],
        "profiling": [],
        "logs": [{"message": "done"}],
    }


def test_a_document_is_taken_over_while_its_sender_waits(
    target: Integration, push: Push, agent: str
) -> None:
    answer = push(target, document())
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["status"], told["trigger"], told["changed_nothing"]) == ("finished", "push", False)
    assert told["counts"]["resources"] == 2
    orders = Resource.objects.get(name="orders")
    assert (orders.owner, orders.tags, orders.row_count) == ("finance", ["gold"], 12)
    assert list(Field.objects.order_by("position").values_list("name", flat=True)) == [
        "id",
        "total",
    ]
    assert not Upload.objects.kept().exists()
    state = Client().get(answer["Location"], headers={"Authorization": f"Bearer {agent}"})
    assert state.json()["id"] == told["id"]


def test_the_same_document_twice_changes_nothing_and_says_so(
    target: Integration, push: Push
) -> None:
    push(target, document())
    before = list(Resource.objects.order_by("pk").values())
    again = push(target, document()).json()
    assert again["changed_nothing"] is True
    assert again["counts"]["unchanged"] == 2
    assert list(Resource.objects.order_by("pk").values()) == before


def test_a_document_is_the_whole_truth(target: Integration, push: Push) -> None:
    push(target, document())
    shorter = document()
    del shorter["resources"][1]
    assert push(target, shorter).json()["counts"]["removed"] == 1
    assert push(target, {**shorter, "resources": []}).json()["counts"]["removed"] == 1
    assert not Resource.objects.exists()


def test_a_repeated_key_is_one_push(target: Integration, push: Push) -> None:
    first = push(target, document(), **{"Idempotency-Key": "nightly-1"})
    second = push(target, document(), **{"Idempotency-Key": "nightly-1"})
    assert second["Idempotency-Replayed"] == "true"
    assert first.json() == second.json()
    assert ImportRun.objects.count() == 1
    other = push(target, document(name="x"), **{"Idempotency-Key": "nightly-1"})
    assert other.status_code == 422


def test_checks_become_figures_with_an_outcome_and_a_time(scans: Integration, push: Push) -> None:
    told = push(scans, scan())
    assert told.status_code == 201, told.content
    assert Resource.objects.get().name == "orders"
    first, second = Metric.objects.order_by("name")
    assert (first.label, first.value, first.outcome) == ("row_count > 0", "12", "pass")
    assert first.measured_at.isoformat() == "2026-01-31T08:00:00+00:00"
    assert second.outcome == "fail"
    assert push(scans, scan()).json()["changed_nothing"] is True
    assert push(scans, scan(outcome="warn")).json()["counts"]["changed"] == 1


def test_a_scan_leaves_tables_alone_that_it_did_not_look_at(scans: Integration, push: Push) -> None:
    push(scans, scan())
    other = scan(table="customers")
    other["checks"].pop()
    assert push(scans, other).json()["counts"]["removed"] == 0
    assert Resource.objects.count() == 2


def test_a_large_document_is_taken_over_by_a_worker(target: Integration, push: Push) -> None:
    large = document(description="d" * 60_000)
    large["resources"] += [
        {"key": f"k{n}", "name": f"t{n}", "description": "d" * 60_000} for n in range(10)
    ]
    told = push(target, large).json()
    assert told["status"] == "queued"
    carry_out(told["id"])
    assert Resource.objects.count() == 12


def _with(change: Callable[[Document], object]) -> Document:
    made = document()
    change(made)
    return made


NESTED = b'{"metadata": {"schema": "gatehouse-metadata/1"}, "resources": [{"key": ' + b"[" * 5000
BAD: list[tuple[str, Any, str]] = [
    ("no metadata", {"resources": []}, "/metadata"),
    ("no resources", {"metadata": {"schema": "gatehouse-metadata/1"}}, "/resources"),
    ("version 2", _with(lambda d: d["metadata"].update(schema="gatehouse-metadata/2")), "/schema"),
    ("other section", _with(lambda d: d.update(surprise=1)), "/surprise"),
    ("misspelt", document(descripton="x"), "/descripton"),
    ("misspelt field", document(fields=[{"name": "a", "typ": "x"}]), "/fields/0/typ"),
    ("rows", document(rows=[[1]]), "/rows"),
    ("samples", document(fields=[{"name": "a", "sample_values": [1]}]), "/sample_values"),
    ("rows beside", _with(lambda d: d.update(data=[{"id": 1}])), "/data"),
    ("duplicate key", _with(lambda d: d["resources"].append(d["resources"][0])), "/2/key"),
    ("duplicate field", document(fields=[{"name": "a"}, {"name": "a"}]), "/fields/1/name"),
    ("no name", document(name=""), "/0/name"),
    ("no key", document(key=None), "/0/key"),
    ("long name", document(name="x" * 10_000), "/0/name"),
    ("newline in name", document(name="a\nb"), "/0/name"),
    ("NUL", document(name="a\x00b"), "/0/name"),
    ("unknown kind", document(kind="widget"), "/0/kind"),
    ("number as name", document(name=7), "/0/name"),
    ("count as text", document(row_count="12"), "/row_count"),
    ("huge count", document(row_count=2**70), "/row_count"),
    ("fields an object", document(fields={"a": 1}), "/fields"),
    ("field a text", document(fields=["a"]), "/fields/0"),
    ("tag a number", document(tags=[1]), "/tags/0"),
    ("resource a text", _with(lambda d: d["resources"].append("x")), "/resources/2"),
    ("resources a text", _with(lambda d: d.update(resources="x")), "/resources"),
    ("huge key", _with(lambda d: d["resources"][0].update({"k" * 9000: 1})), "/resources/0"),
    ("list", b"[]", "/document"),
    ("nothing", b" ", "/document"),
    ("no JSON", b'{"metadata": nonsense}', "/document"),
    ("cut off", json.dumps(document()).encode()[:-20], "/document"),
    ("after the end", json.dumps(document()).encode() + b"x", "/document"),
    ("nested", NESTED, "/resources/0"),
    ("Latin-1", json.dumps(document(name="é"), ensure_ascii=False).encode("latin-1"), "/document"),
    ("gzip", gzip.compress(json.dumps(document()).encode()), "/document"),
    ("twice", b'{"metadata": {}, "metadata": {}}', "/metadata"),
]


@pytest.mark.parametrize(("body", "where"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_document_says_where_and_stores_nothing(
    body: Any, where: str, target: Integration, push: Push
) -> None:
    push(target, document())
    before = list(Resource.objects.order_by("pk").values())
    answer = push(target, body)
    assert answer.status_code == 422, answer.content
    problem = answer.json()
    assert where in problem["errors"][0]["pointer"], problem
    assert problem["detail"]
    assert list(Resource.objects.order_by("pk").values()) == before
    assert not Upload.objects.kept().exists()


BAD_SCANS: list[tuple[str, Any, str]] = [
    ("no checks", {"dataTimestamp": "2026-01-31T08:00:00Z"}, "/checks"),
    ("no time", {"checks": []}, "/dataTimestamp"),
    ("bad time", {"checks": [], "dataTimestamp": "yesterday"}, "/dataTimestamp"),
    ("time without zone", {"checks": [], "dataTimestamp": "2026-01-31T08:00:00"}, "/data"),
    ("time a number", {"checks": [], "dataTimestamp": 7}, "/dataTimestamp"),
    ("no table", scan(table=None), "/table"),
    ("unknown outcome", scan(outcome="maybe"), "/outcome"),
    ("outcome a list", scan(outcome=["pass"]), "/outcome"),
    ("failed rows", scan(diagnostics={"value": 1, "failedRows": [[1]]}), "/failedRows"),
    ("value a text", scan(diagnostics={"value": "Ada Okafor"}), "/value"),
    ("value a list", scan(diagnostics={"value": [1, 2]}), "/value"),
    ("profile", {**scan(), "profiling": [{"table": "orders", "frequent": ["Ada"]}]}, "/profiling"),
    ("twice", scan(identity="c-2"), "/checks/1"),
]


@pytest.mark.parametrize(
    ("body", "where"), [b[1:] for b in BAD_SCANS], ids=[b[0] for b in BAD_SCANS]
)
def test_a_bad_scan_says_where_and_stores_nothing(
    body: Any, where: str, scans: Integration, push: Push
) -> None:
    answer = push(scans, body)
    assert answer.status_code == 422, answer.content
    assert where in answer.json()["errors"][0]["pointer"]
    assert not Resource.objects.exists()
    assert not Metric.objects.exists()


def test_markup_and_marks_of_direction_are_kept_as_they_are(
    target: Integration, push: Push
) -> None:
    name = "<script>alert(1)</script>\u202egnp"
    assert push(target, document(name=name)).status_code == 201
    assert Resource.objects.filter(name=name).exists()


def test_a_document_beyond_the_limit_is_413(
    target: Integration, push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.catalog.api.documents.LONGEST_UPLOAD", 1000)
    assert push(target, document(description="d" * 2000)).status_code == 413
    assert not ImportRun.objects.exists()


def test_who_may_send_where(
    integration: Integration,
    target: Integration,
    max_actor: Actor,
    ned: Membership,
    actor_of: Callable[..., Actor],
    push: Push,
) -> None:
    assert push(integration, document()).status_code == 404  # of dbt artifacts: takes no push
    with organization_scope(ned.organization_id):
        theirs = make(actor_of(ned), "json")
    assert push(theirs, document()).status_code == 404
    _token, text = issue_token(
        actor=max_actor,
        at=timezone.now(),
        name="reader",
        scopes=["integration:view", "integration:manage"],
        lasts=timedelta(days=1),
    )
    answer = Client().post(
        f"/api/v1/integrations/{target.pk}/push",
        json.dumps(document()),
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )
    assert answer.status_code == 403
    assert not Resource.objects.exists()


def test_an_agent_sees_nothing_but_how_its_push_fared(target: Integration, agent: str) -> None:
    headers = {"Authorization": f"Bearer {agent}"}
    for path in ("integrations", f"integrations/{target.pk}", "imports", "resources"):
        assert Client().get(f"/api/v1/{path}", headers=headers).status_code == 403
    path = f"/api/v1/integrations/{target.pk}/push"
    assert Client().get(path, headers=headers).status_code == 404
