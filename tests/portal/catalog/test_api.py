"""The catalogue through the API: the same rows and the same refusals as on screen."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.catalog.actions import set_resource_access
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import ImportRun, Integration, Resource, Upload
from portal.catalog.rules import Level
from tenants.access import Actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.portal.catalog.conftest import OLIST, make_team

pytestmark = pytest.mark.django_db
Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


def files(**contents: bytes) -> dict[str, SimpleUploadedFile]:
    return {
        name: SimpleUploadedFile(
            f"{name}.json", contents.get(name) or (OLIST / f"{name}.json").read_bytes()
        )
        for name in ("manifest", "catalog")
    }


def test_connect_import_and_read(organization: Organization, max_: Membership, call: Call) -> None:
    made = call(
        max_, "post", "integrations", data={"name": "By API"}, content_type="application/json"
    )
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert call(max_, "get", f"integrations/{pk}").json()["status"] == "new"

    sent = call(max_, "post", "imports", data={"integration": pk, **files()})
    assert sent.status_code == 201, sent.content
    assert sent.json()["status"] == "queued"
    run = ImportRun.objects.get(pk=sent.json()["id"])
    carry_out(run.pk)

    done = call(max_, "get", f"imports/{run.pk}").json()
    assert (done["status"], done["percent"], done["error"]) == ("finished", 100, None)
    assert done["counts"]["resources"] == 18
    listing = call(max_, "get", f"resources?integration={pk}&size=7").json()
    names = [row["name"] for row in listing["results"]]
    while listing["next"]:
        path = listing["next"].split("/api/v1/")[1]
        listing = call(max_, "get", path).json()
        names += [row["name"] for row in listing["results"]]
    assert names == [row.name for row in Resource.objects.by_name()]
    found = call(max_, "get", "resources?q=lifetime").json()["results"]
    assert [row["name"] for row in found] == ["dim_customers"]
    fields = call(max_, "get", f"fields?resource={found[0]['id']}").json()["results"]
    assert len(fields) == 6
    assert call(max_, "get", f"fields/{fields[0]['id']}").json() == fields[0]
    assert not Upload.objects.kept().exists()


def test_an_error_names_file_and_key(
    integration: Integration, max_: Membership, call: Call
) -> None:
    broken = json.dumps({"metadata": {"dbt_schema_version": 7}, "nodes": {}}).encode()
    sent = call(
        max_,
        "post",
        "imports",
        data={"integration": str(integration.pk), **files(catalog=broken)},
    )
    run = sent.json()["id"]
    carry_out(run)
    error = call(max_, "get", f"imports/{run}").json()["error"]
    assert (error["code"], error["file"]) == ("wrong-type", "catalog.json")
    assert error["key"] == "metadata.dbt_schema_version"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 422),
        ({"integration": "nonsense"}, 422),
        ({"integration": "01900000-0000-7000-8000-000000000000"}, 404),
        ({"catalog": b"[]"}, 422),
        ({"catalog": b""}, 422),
        ({"surprise": "1"}, 422),
    ],
)
def test_bad_input_changes_nothing(
    data: dict[str, Any], status: int, integration: Integration, max_: Membership, call: Call
) -> None:
    parts: dict[str, Any] = {"integration": str(integration.pk), **files(), **data}
    if not data:
        del parts["manifest"]
    if isinstance(parts["catalog"], bytes):
        parts["catalog"] = SimpleUploadedFile("catalog.json", parts["catalog"])
    answer = call(max_, "post", "imports", data=parts)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not ImportRun.objects.exists()


def test_a_second_import_waits_for_the_first(
    integration: Integration, max_: Membership, call: Call
) -> None:
    data = {"integration": str(integration.pk)}
    first = call(max_, "post", "imports", data={**data, **files()})
    second = call(max_, "post", "imports", data={**data, **files()})
    assert (first.status_code, second.status_code) == (201, 409)
    assert ImportRun.objects.count() == 1


def test_pause_and_resume(integration: Integration, max_: Membership, call: Call) -> None:
    paused = call(max_, "post", f"integrations/{integration.pk}/pause")
    assert paused.status_code == 200, paused.content
    assert paused.json()["paused_at"]
    assert call(max_, "post", f"integrations/{integration.pk}/pause").status_code == 409
    assert call(max_, "post", f"integrations/{integration.pk}/resume").status_code == 200


def test_a_viewer_sees_their_teams_rows_and_may_not_import(
    imported: Integration, mia: Membership, max_actor: Actor, call: Call
) -> None:
    team = make_team(imported.organization, "Finance", mia)
    orders = Resource.objects.get(name="fct_orders")
    hidden = Resource.objects.get(name="dim_sellers")
    set_resource_access(orders, actor=max_actor, team=team, level=Level.VIEW)
    rows = call(mia, "get", "resources").json()["results"]
    assert [row["name"] for row in rows] == ["fct_orders"]
    assert call(mia, "get", f"resources/{hidden.pk}").status_code == 404
    assert len(call(mia, "get", "fields").json()["results"]) == 12
    assert call(mia, "get", f"fields?resource={hidden.pk}").json()["results"] == []
    assert call(mia, "get", "integrations").status_code == 403
    answer = call(mia, "post", "imports", data={"integration": str(imported.pk), **files()})
    assert answer.status_code == 403


def test_another_organizations_ids_are_unknown(
    imported: Integration, ned: Membership, call: Call
) -> None:
    resource = Resource.objects.first()
    assert resource is not None
    for path in (f"integrations/{imported.pk}", f"resources/{resource.pk}"):
        assert call(ned, "get", path).status_code == 404
    assert call(ned, "post", f"integrations/{imported.pk}/pause").status_code == 404
    assert call(ned, "get", f"resources?integration={imported.pk}").json()["results"] == []
    sent = call(ned, "post", "imports", data={"integration": str(imported.pk), **files()})
    assert sent.status_code == 404
