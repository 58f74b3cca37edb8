"""The API's reference for people, read from the same description that machines get."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from portal.rest.describing import description
from portal.rest.problems import KINDS

DEPTH = 4
MOST_VALUES = 8
# Described once, at the head of the page.
COMMON = frozenset({"Idempotency-Key"})
BY_NAME: Mapping[str, Any] = {
    "address_rule": "203.0.113.0/24",
    "confirmation": "Acme Health",
    "description": "Money in, money out",
    "label": "Finance",
    "name": "Finance",
    "number": "REV-1042",
    "prefix": "ghp_8Kq2mZ1x",
    "reason": "Left the company",
    "reference": "REV-1042",
    "slug": "acme",
    "title": "Sync stalls",
    "token": "ghp_8Kq2mZ1x…",
}
SAMPLES: Mapping[str, Any] = {
    "uuid": "01935f2e-7b1c-7d42-9a51-3f0c8d2b6e10",
    "date-time": "2026-11-20T14:03:00Z",
    "date": "2026-11-20",
    "email": "erin@acme.test",
    "uri": "https://example.test/",
}


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    is_required: bool
    note: str
    where: str = "body"


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    note: str
    scope: str
    fields: list[Field]
    curl: str
    status: str
    answer: str
    failures: list[str]


@dataclass(frozen=True)
class Group:
    name: str
    slug: str
    operations: list[Operation]


@dataclass(frozen=True)
class ProblemKind:
    status: int
    code: str
    title: str


@lru_cache(maxsize=1)
def groups() -> list[Group]:
    """Every operation, in groups by the noun it is about."""
    found: dict[str, list[Operation]] = {}
    for path, verbs in description()["paths"].items():
        for method, described in verbs.items():
            found.setdefault(_group_of(path), []).append(_operation(path, method, described))
    return [
        Group(name.replace("-", " ").capitalize(), name.replace("/", "-"), operations)
        for name, operations in sorted(found.items(), key=lambda item: _place(item[0]))
    ]


def problem_kinds() -> list[ProblemKind]:
    return [ProblemKind(status, code, str(title)) for status, (code, title) in KINDS.items()]


def _place(name: str) -> tuple[bool, bool, str]:
    return name.startswith("support"), name not in {"me", "roles"}, name


def _group_of(path: str) -> str:
    parts = path.removeprefix("/api/v1/").split("/")
    return "/".join(parts[:2]) if parts[0] == "support" else parts[0]


def _operation(path: str, method: str, described: Mapping[str, Any]) -> Operation:
    status, answer = _success(described)
    scopes: list[str] = next(iter(described.get("security", [{}])[0].values()), [])
    body = _body_schema(described)
    return Operation(
        id=described["operationId"],
        method=method.upper(),
        path=path,
        summary=described.get("summary", ""),
        note=_note(described),
        scope=scopes[0] if scopes else "",
        fields=[*_parameters(described), *_properties(body)],
        curl=_curl(path, method, body),
        status=status,
        answer=_pretty(answer),
        failures=sorted(code for code in described["responses"] if code >= "400"),
    )


def _note(described: Mapping[str, Any]) -> str:
    said = str(described.get("description", "")).partition("\n\n")[0]
    summary = str(described.get("summary", ""))
    return said.removeprefix(summary).lstrip(". ")


def _success(described: Mapping[str, Any]) -> tuple[str, Any]:
    status = min(described["responses"])
    content = described["responses"][status].get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return status, None if schema is None else _sample(schema, DEPTH)


def _body_schema(described: Mapping[str, Any]) -> Mapping[str, Any]:
    content: dict[str, Any] = described.get("requestBody", {}).get("content", {})
    first: dict[str, Any] = next(iter(content.values()), {})
    return _resolved(first.get("schema", {}))


def _parameters(described: Mapping[str, Any]) -> Iterator[Field]:
    for parameter in described.get("parameters", []):
        if parameter["name"] in COMMON:
            continue
        yield Field(
            name=parameter["name"],
            kind=_kind(parameter["schema"]),
            is_required=parameter.get("required", False),
            note=parameter.get("description") or parameter["schema"].get("description", ""),
            where=parameter["in"],
        )


def _properties(schema: Mapping[str, Any]) -> Iterator[Field]:
    required = schema.get("required", [])
    for name, described in schema.get("properties", {}).items():
        plain = _resolved(described)
        note = described.get("description", plain.get("description", ""))
        yield Field(name, _kind(plain), name in required, note)


def _kind(schema: Mapping[str, Any]) -> str:
    plain = _resolved(schema)
    if "enum" in plain:
        values = [str(value) for value in plain["enum"] if value is not None]
        shown = " | ".join(values[:MOST_VALUES])
        return f"{shown} …" if len(values) > MOST_VALUES else shown
    kinds = plain.get("type", "object")
    name = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if name == "array":
        return f"list of {_kind(plain.get('items', {}))}"
    return f"{name} ({plain['format']})" if "format" in plain else name


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return _resolved(description()["components"]["schemas"][name])
    for union in ("allOf", "oneOf", "anyOf"):
        if union in schema:
            return _resolved(schema[union][0])
    return schema


def _sample(schema: Mapping[str, Any], depth: int) -> Any:
    plain = _resolved(schema)
    for given in ("example", "default"):
        if given in plain:
            return plain[given]
    if "enum" in plain:
        return plain["enum"][0]
    return _sample_of_kind(plain, depth)


def _sample_of(name: str, schema: Mapping[str, Any], depth: int) -> Any:
    plain = _resolved(schema)
    is_free_text = plain.get("type") in ("string", ["string", "null"]) and not (
        {"enum", "format", "default"} & set(plain)
    )
    return BY_NAME.get(name, "text") if is_free_text else _sample(schema, depth)


def _sample_of_kind(schema: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        inner = schema.get("properties", {}) if depth else {}
        return {name: _sample_of(name, of, depth - 1) for name, of in inner.items()}
    if kind == "array":
        return [_sample(schema.get("items", {}), depth - 1)] if depth else []
    plain = {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": True, "null": None}
    return plain[kind] if kind in plain else SAMPLES.get(schema.get("format", ""), "text")


def _curl(path: str, method: str, body: Mapping[str, Any]) -> str:
    address = f"{settings.BASE_URL}{path}"
    for name in ("id", "pk"):
        address = address.replace(f"{{{name}}}", SAMPLES["uuid"])
    lines = [f"curl {address}"]
    if method != "get":
        lines[0] = f"curl -X {method.upper()} {address}"
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if method == "post":
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if body:
        lines.append('-H "Content-Type: application/json"')
        lines.append(f"-d '{json.dumps(_sample(body, DEPTH))}'")
    return " \\\n  ".join(lines)


def _pretty(value: Any) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
