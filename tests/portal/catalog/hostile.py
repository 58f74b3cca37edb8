"""Broken, wrong and hostile artifacts: how each is made, and what must be said about it."""

import copy
import json
from collections.abc import Callable
from typing import Any

from tests.portal.catalog.conftest import Artifact, olist

ORDERS = "model.olist_project.fct_orders"


def changed(name: str, change: Callable[[Artifact], object]) -> Artifact:
    content = copy.deepcopy(olist(name))
    change(content)
    return content


def catalog(change: Callable[[Artifact], object]) -> dict[str, Any]:
    return {"catalog": changed("catalog.json", lambda c: change(c["nodes"][ORDERS]))}


def manifest(change: Callable[[Artifact], object]) -> dict[str, Any]:
    return {"manifest": changed("manifest.json", lambda m: change(m["nodes"][ORDERS]))}


def told(**values: Any) -> Callable[[], dict[str, Any]]:
    return lambda: manifest(lambda node: node.update(values))


def shown(**values: Any) -> Callable[[], dict[str, Any]]:
    return lambda: catalog(lambda node: node.update(values))


def named(name: Any) -> Callable[[], dict[str, Any]]:
    return lambda: catalog(lambda node: node["metadata"].update(name=name))


def column(**values: Any) -> Callable[[], dict[str, Any]]:
    return lambda: catalog(lambda node: node["columns"]["order_id"].update(values))


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
    ("key differs", shown(unique_id="model.x.y"), "mismatch", "unique_id", ""),
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
    ("columns a list", shown(columns=[1]), "wrong-type", "columns", ""),
    (
        "column a number",
        lambda: catalog(lambda n: n["columns"].update(x=1)),
        "wrong-type",
        "columns.x",
        "",
    ),
    ("name a number", named(5), "wrong-type", "metadata.name", ""),
    (
        "name missing",
        lambda: catalog(lambda n: n["metadata"].pop("name")),
        "missing",
        "metadata.name",
        "",
    ),
    ("name blank", named("  "), "missing", "metadata.name", ""),
    ("name too long", named("n" * 10_000), "too-long", "metadata.name", ""),
    ("column name too long", column(name="n" * 10_000), "too-long", "columns.order_id.name", ""),
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
    ("NUL escape", named("a\x00b"), "control-character", "metadata.name", ""),
    ("line break in a name", named("a\nb"), "control-character", "metadata.name", ""),
    ("NUL in a description", told(description="a\x00b"), "control-character", "description", ""),
    ("index a text", column(index="1"), "wrong-type", "index", ""),
    ("index negative", column(index=-1), "wrong-type", "index", ""),
    ("index true", column(index=True), "wrong-type", "index", ""),
    ("index enormous", column(index=10**30), "wrong-type", "index", ""),
    ("tags a number", told(tags=5), "wrong-type", "tags", ""),
    ("tag a number", told(tags=[5]), "wrong-type", "tags.0", ""),
    ("too many tags", told(tags=[str(i) for i in range(1000)]), "too-large", "tags", ""),
    ("description a list", told(description=[]), "wrong-type", "description", ""),
    ("description endless", told(description="x" * 70_000), "too-long", "description", ""),
    (
        "nested deep",
        lambda: catalog(lambda n: n["metadata"].update(x=deep(200))),
        "too-deep",
        "deeper",
        "",
    ),
    ("nested deep where unread", told(raw_code=deep(200)), "too-deep", "", ""),
    ("rows of data", shown(rows=[[1, "Ana"]]), "row-data", "rows", ""),
    ("sample of a column", column(sample_values=["x"]), "row-data", "sample_values", ""),
    ("rows in the manifest", told(preview=[1]), "row-data", "preview", ""),
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
