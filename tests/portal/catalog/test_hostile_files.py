"""Files that are broken, wrong or hostile: an error with line or key, and nothing stored half."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from portal.catalog.actions import start_import
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import Field, ImportRun, Integration, Resource, Term, Upload
from portal.catalog.refusals import ArtifactRefused
from tenants.access import Actor
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.portal.catalog.conftest import Artifact, both, do_import, olist

pytestmark = pytest.mark.django_db
ORDERS = "model.olist_project.fct_orders"


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


def changed(name: str, change: Callable[[Artifact], object]) -> Artifact:
    content = copy.deepcopy(olist(name))
    change(content)
    return content


def catalog(change: Callable[[Artifact], object]) -> dict[str, Any]:
    return {"catalog": changed("catalog.json", lambda c: change(c["nodes"][ORDERS]))}


def manifest(change: Callable[[Artifact], object]) -> dict[str, Any]:
    return {"manifest": changed("manifest.json", lambda m: change(m["nodes"][ORDERS]))}


def text_of(name: str) -> str:
    return json.dumps(olist(name), indent=1)


def doubled(name: str, key: str) -> str:
    """The file with one entry written twice, as no JSON library would write it."""
    text = json.dumps(olist(name))
    start = text.index(f'"{key}": {{')
    _value, end = json.JSONDecoder().raw_decode(text, text.index("{", start + len(key)))
    return f"{text[:end]}, {text[start:end]}{text[end:]}"


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _level in range(levels):
        value = {"deeper": value}
    return value


def version(name: str, url: str) -> dict[str, Any]:
    content = changed(f"{name}.json", lambda c: c["metadata"].update(dbt_schema_version=url))
    return {name: content}


SCHEMAS = "https://schemas.getdbt.com/dbt"
CASES: list[tuple[str, Callable[[], dict[str, Any]], str, str, str]] = [
    ("cut off", lambda: {"catalog": text_of("catalog.json")[:9000]}, "malformed", "", "line"),
    ("trailing", lambda: {"catalog": text_of("catalog.json") + " x"}, "malformed", "", "line"),
    (
        "raw NUL",
        lambda: {"catalog": text_of("catalog.json").replace("olist", "ol\x00st", 1)},
        "malformed",
        "",
        "line",
    ),
    (
        "bad UTF-8",
        lambda: {"catalog": text_of("catalog.json").encode().replace(b"olist", b"\xff", 1)},
        "malformed",
        "",
        "line",
    ),
    (
        "NaN",
        lambda: {"catalog": text_of("catalog.json").replace('"index": 1', '"index": NaN', 1)},
        "malformed",
        "",
        "line",
    ),
    (
        "huge number",
        lambda: {
            "catalog": text_of("catalog.json").replace('"index": 1', f'"index": {"9" * 5000}', 1)
        },
        "malformed",
        "",
        "line",
    ),
    ("brackets", lambda: {"catalog": '{"other": ' + "[" * 100_000}, "too-deep", "other", ""),
    (
        "files swapped",
        lambda: {"catalog": olist("manifest.json")},
        "wrong-file",
        "metadata.dbt_schema_version",
        "",
    ),
    (
        "manifest v3",
        lambda: version("manifest", f"{SCHEMAS}/manifest/v3.json"),
        "wrong-version",
        "metadata.dbt_schema_version",
        "",
    ),
    (
        "manifest v13",
        lambda: version("manifest", f"{SCHEMAS}/manifest/v13.json"),
        "wrong-version",
        "metadata.dbt_schema_version",
        "",
    ),
    (
        "catalog v2",
        lambda: version("catalog", f"{SCHEMAS}/catalog/v2.json"),
        "wrong-version",
        "metadata.dbt_schema_version",
        "",
    ),
    (
        "foreign schema",
        lambda: version("catalog", "https://evil.test/catalog/v1.json"),
        "wrong-file",
        "metadata.dbt_schema_version",
        "",
    ),
    (
        "no metadata",
        lambda: {"catalog": changed("catalog.json", lambda c: c.pop("metadata"))},
        "missing",
        "metadata",
        "",
    ),
    ("empty object", lambda: {"catalog": "{}"}, "missing", "metadata", ""),
    (
        "no relations",
        lambda: {"catalog": changed("catalog.json", lambda c: c.update(nodes={}, sources={}))},
        "empty",
        "nodes",
        "",
    ),
    (
        "another project",
        lambda: {"manifest": changed("manifest.json", lambda m: m.update(nodes={}, sources={}))},
        "mismatch",
        "nodes",
        "",
    ),
    ("duplicate id", lambda: {"catalog": doubled("catalog.json", ORDERS)}, "duplicate", ORDERS, ""),
    (
        "duplicate section",
        lambda: {"catalog": doubled("catalog.json", "sources")},
        "duplicate",
        "sources",
        "",
    ),
    (
        "id in both sections",
        lambda: {
            "catalog": changed(
                "catalog.json", lambda c: c["sources"].update({ORDERS: c["nodes"][ORDERS]})
            )
        },
        "duplicate",
        ORDERS,
        "",
    ),
    (
        "duplicate in manifest",
        lambda: {"manifest": doubled("manifest.json", ORDERS)},
        "duplicate",
        ORDERS,
        "",
    ),
    (
        "duplicate column key",
        lambda: {"catalog": doubled("catalog.json", "order_status")},
        "duplicate",
        "order_status",
        "",
    ),
    (
        "duplicate column name",
        lambda: catalog(
            lambda n: n["columns"].update(again={"name": "order_id", "type": "X", "index": 7})
        ),
        "duplicate",
        "again.name",
        "",
    ),
    (
        "key differs",
        lambda: catalog(lambda n: n.update(unique_id="model.x.y")),
        "mismatch",
        "unique_id",
        "",
    ),
    (
        "nodes a list",
        lambda: {"catalog": changed("catalog.json", lambda c: c.update(nodes=[]))},
        "wrong-type",
        "nodes",
        "",
    ),
    (
        "node a text",
        lambda: {"catalog": changed("catalog.json", lambda c: c["nodes"].update({ORDERS: "x"}))},
        "wrong-type",
        ORDERS,
        "",
    ),
    (
        "columns a list",
        lambda: catalog(lambda n: n.update(columns=[1])),
        "wrong-type",
        "columns",
        "",
    ),
    (
        "column a number",
        lambda: catalog(lambda n: n["columns"].update(x=1)),
        "wrong-type",
        "columns.x",
        "",
    ),
    (
        "name a number",
        lambda: catalog(lambda n: n["metadata"].update(name=5)),
        "wrong-type",
        "metadata.name",
        "",
    ),
    (
        "name missing",
        lambda: catalog(lambda n: n["metadata"].pop("name")),
        "missing",
        "metadata.name",
        "",
    ),
    (
        "name blank",
        lambda: catalog(lambda n: n["metadata"].update(name="  ")),
        "missing",
        "metadata.name",
        "",
    ),
    (
        "name too long",
        lambda: catalog(lambda n: n["metadata"].update(name="n" * 10_000)),
        "too-long",
        "metadata.name",
        "",
    ),
    (
        "column name too long",
        lambda: catalog(lambda n: n["columns"]["order_id"].update(name="n" * 10_000)),
        "too-long",
        "columns.order_id.name",
        "",
    ),
    (
        "id too long",
        lambda: {
            "catalog": changed(
                "catalog.json",
                lambda c: c["nodes"].update(
                    {"model." + "x" * 10_000: {"metadata": {"name": "x"}, "columns": {}}}
                ),
            )
        },
        "too-long",
        "nodes",
        "",
    ),
    (
        "NUL escape",
        lambda: catalog(lambda n: n["metadata"].update(name="a\x00b")),
        "control-character",
        "metadata.name",
        "",
    ),
    (
        "line break in a name",
        lambda: catalog(lambda n: n["metadata"].update(name="a\nb")),
        "control-character",
        "metadata.name",
        "",
    ),
    (
        "NUL in a description",
        lambda: manifest(lambda n: n.update(description="a\x00b")),
        "control-character",
        "description",
        "",
    ),
    (
        "index a text",
        lambda: catalog(lambda n: n["columns"]["order_id"].update(index="1")),
        "wrong-type",
        "index",
        "",
    ),
    (
        "index negative",
        lambda: catalog(lambda n: n["columns"]["order_id"].update(index=-1)),
        "wrong-type",
        "index",
        "",
    ),
    (
        "index true",
        lambda: catalog(lambda n: n["columns"]["order_id"].update(index=True)),
        "wrong-type",
        "index",
        "",
    ),
    (
        "index enormous",
        lambda: catalog(lambda n: n["columns"]["order_id"].update(index=10**30)),
        "wrong-type",
        "index",
        "",
    ),
    ("tags a number", lambda: manifest(lambda n: n.update(tags=5)), "wrong-type", "tags", ""),
    ("tag a number", lambda: manifest(lambda n: n.update(tags=[5])), "wrong-type", "tags.0", ""),
    (
        "too many tags",
        lambda: manifest(lambda n: n.update(tags=[str(i) for i in range(1000)])),
        "too-large",
        "tags",
        "",
    ),
    (
        "description a list",
        lambda: manifest(lambda n: n.update(description=[])),
        "wrong-type",
        "description",
        "",
    ),
    (
        "description endless",
        lambda: manifest(lambda n: n.update(description="x" * 70_000)),
        "too-long",
        "description",
        "",
    ),
    (
        "nested deep",
        lambda: catalog(lambda n: n["metadata"].update(x=deep(200))),
        "too-deep",
        "deeper",
        "",
    ),
    (
        "nested deep where unread",
        lambda: manifest(lambda n: n.update(raw_code=deep(200))),
        "too-deep",
        "",
        "",
    ),
    (
        "rows of data",
        lambda: catalog(lambda n: n.update(rows=[[1, "Ana"]])),
        "row-data",
        "rows",
        "",
    ),
    (
        "sample of a column",
        lambda: catalog(lambda n: n["columns"]["order_id"].update(sample_values=["x"])),
        "row-data",
        "sample_values",
        "",
    ),
    (
        "rows in the manifest",
        lambda: manifest(lambda n: n.update(preview=[1])),
        "row-data",
        "preview",
        "",
    ),
    (
        "statistic of values",
        lambda: catalog(
            lambda n: n.update(
                stats={"top": {"id": "top", "label": "Top", "value": ["Ana"], "include": True}}
            )
        ),
        "row-data",
        "stats.top.value",
        "",
    ),
    (
        "endless entry",
        lambda: catalog(
            lambda n: n.update(
                columns={f"c{i}": {"name": f"c{i}", "type": "X", "index": i} for i in range(40_000)}
            )
        ),
        "too-large",
        "columns",
        "",
    ),
    (
        "too many columns",
        lambda: catalog(
            lambda n: n.update(
                columns={f"c{i}": {"name": f"c{i}", "index": i} for i in range(10_001)}
            )
        ),
        "too-large",
        "c10000",
        "",
    ),
    (
        "unknown kind",
        lambda: {
            "catalog": changed(
                "catalog.json",
                lambda c: c["nodes"].update(
                    {"widget.x.y": c["nodes"].pop(ORDERS) | {"unique_id": "widget.x.y"}}
                ),
            )
        },
        "wrong-type",
        "widget.x.y",
        "",
    ),
]


@pytest.mark.parametrize(
    ("made", "reason", "key", "line"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_bad_file_says_where_and_stores_nothing(
    integration: Integration,
    max_actor: Actor,
    made: Callable[[], dict[str, Any]],
    reason: str,
    key: str,
    line: str,
) -> None:
    run = do_import(integration, actor=max_actor, sent=both(**made()))
    assert (run.status, run.error_code) == ("failed", reason), run.error_message
    assert run.error_message
    assert run.error_file in {"manifest.json", "catalog.json"}
    assert key in run.error_key
    if line:
        assert run.error_line
        assert run.error_offset is not None
    assert not Resource.objects.exists()
    assert not Field.objects.exists()
    assert not Term.objects.exists()
    assert not Upload.objects.kept().exists()
    integration.refresh_from_db()
    assert (integration.status, integration.last_error_code) == ("failing", reason)


def test_a_bad_file_leaves_what_was_imported_before(
    imported: Integration, max_actor: Actor
) -> None:
    before = list(Resource.objects.order_by("pk").values())
    broken = catalog(lambda n: n["metadata"].update(name="a\x00b"))
    assert do_import(imported, actor=max_actor, sent=both(**broken)).status == "failed"
    assert list(Resource.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("content", [b"", b"[]", b"PK\x03\x04", b"null", b"\xff\xfe{"])
def test_what_is_no_artifact_is_refused_at_the_door(
    integration: Integration, max_actor: Actor, content: bytes
) -> None:
    with pytest.raises(ArtifactRefused) as refused:
        start_import(integration, actor=max_actor, at=timezone.now(), sent=both(manifest=content))
    assert refused.value.errors.keys() == {"manifest"}
    assert not ImportRun.objects.exists()


def test_the_line_and_byte_are_exact(integration: Integration, max_actor: Actor) -> None:
    text = text_of("catalog.json")
    place = text.index('"order_status"')
    broken = text[:place] + "!" + text[place:]
    run = do_import(integration, actor=max_actor, sent=both(catalog=broken))
    assert run.error_offset == place
    assert run.error_line == text[:place].count("\n") + 1


def test_markup_and_marks_of_direction_are_kept_as_they_are(
    integration: Integration, max_actor: Actor
) -> None:
    name = "<script>alert(1)</script>\u202egnp"
    sent = both(**catalog(lambda n: n["metadata"].update(name=name)))
    assert do_import(integration, actor=max_actor, sent=sent).status == "finished"
    assert Resource.objects.get(unique_key=ORDERS).name == name


@pytest.mark.parametrize("number", range(4, 13))
def test_every_manifest_version_is_read(
    integration: Integration, max_actor: Actor, number: int
) -> None:
    sent = both(**version("manifest", f"{SCHEMAS}/manifest/v{number}.json"))
    run = start_import(integration, actor=max_actor, at=timezone.now(), sent=sent)
    carry_out(run.pk)
    run.refresh_from_db()
    assert run.status == "finished", run.error_message
