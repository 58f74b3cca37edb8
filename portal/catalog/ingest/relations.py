"""What an import stores of one relation, independent of the tool it came from."""

import json
from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import Any


@dataclass(slots=True)
class Column:
    name: str
    type: str
    position: int
    description: str


@dataclass(slots=True)
class Aggregate:
    """A figure about a relation; a check's has an outcome and the instant of its measurement."""

    name: str
    label: str
    value: str
    description: str
    outcome: str = ""
    measured_at: str = ""


@dataclass(slots=True)
class Relation:
    unique_key: str
    kind: str
    name: str
    database: str = ""
    schema: str = ""
    relation_type: str = ""
    description: str = ""
    owner: str = ""
    row_count: int | None = None
    tags: list[str] = field(default_factory=list)
    upstream: list[str] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)

    def packed(self) -> str:
        values = {name: getattr(self, name) for name in _PLAIN}
        values["columns"] = [(c.name, c.type, c.position, c.description) for c in self.columns]
        values["aggregates"] = [_facts(each) for each in self.aggregates]
        return json.dumps(values, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def unpacked(cls, text: str) -> "Relation":
        values: dict[str, Any] = json.loads(text)
        values["columns"] = [Column(*column) for column in values["columns"]]
        values["aggregates"] = [Aggregate(*each) for each in values["aggregates"]]
        return cls(**values)


def _facts(each: Aggregate) -> tuple[str, ...]:
    """Without the parts of a check where there is none: digests of before stay what they were."""
    plain = (each.name, each.label, each.value, each.description)
    return (*plain, each.outcome, each.measured_at) if each.outcome else plain


_PLAIN = tuple(f.name for f in fields(Relation) if f.name not in {"columns", "aggregates"})


def digest_of(packed: str) -> str:
    return sha256(packed.encode()).hexdigest()
