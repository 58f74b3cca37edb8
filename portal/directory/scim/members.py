"""What a call changes in a group's members, whatever dialect it is told in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

from portal.directory.scim.errors import bad_filter, bad_path, bad_value
from portal.directory.scim.patching import Operation, parsed, spread
from portal.directory.scim.schemas import MEMBERS


@dataclass
class MemberChange:
    """The sum of several operations: perhaps emptied first, then these added, those removed."""

    is_cleared: bool = False
    added: set[UUID] = field(default_factory=set)
    removed: set[UUID] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.is_cleared or self.added or self.removed)

    def add(self, ids: Iterable[UUID]) -> None:
        fresh = set(ids)
        self.added |= fresh
        self.removed -= fresh

    def remove(self, ids: Iterable[UUID]) -> None:
        gone = set(ids)
        self.added -= gone
        self.removed |= gone

    def replace(self, ids: Iterable[UUID]) -> None:
        self.is_cleared = True
        self.added, self.removed = set(ids), set()


def told_apart(operations: list[Operation]) -> tuple[MemberChange, list[Operation]]:
    """The change of members, and the operations about everything else. Raises ScimError."""
    change, others = MemberChange(), []
    for operation in operations:
        for path, value in spread(operation):
            if _is_members(path):
                _take(change, operation, (path, value))
            elif operation.path:
                others.append(operation)
            else:
                others.append(Operation(operation.op, "", {path: value}, has_value=True))
    return change, others


def ids_of(value: Any) -> set[UUID]:
    """The people that a value names: objects with `value`, or bare ids. Raises ScimError."""
    items = value if isinstance(value, list) else [value]
    return {_identifier(item) for item in items if item is not None}


def _identifier(item: Any) -> UUID:
    if isinstance(item, dict):
        named = {name.lower(): one for name, one in item.items()}
        if str(named.get("type") or "User").lower() == "group":
            raise bad_value("Groups within groups are not kept. Assign the people themselves.")
        item = named.get("value")
    try:
        return UUID(str(item))
    except ValueError as wrong:
        raise bad_value(f"“{str(item)[:80]}” is not the id of a user here.") from wrong


def _is_members(path: str) -> bool:
    name = path.lower().rpartition(":")[2] if path.lower().startswith("urn:") else path.lower()
    return name == MEMBERS or name.startswith((f"{MEMBERS}[", f"{MEMBERS}."))


def _take(change: MemberChange, operation: Operation, part: tuple[str, Any]) -> None:
    path, value = part
    node = parsed(path)
    if isinstance(node, ValuePath):
        _take_selected(change, operation, node)
    elif isinstance(node, AttrPath) and node.sub_attr:
        raise bad_path("Members are added and removed as a whole.")
    elif operation.op == "add":
        change.add(ids_of(value))
    elif operation.op == "replace":
        change.replace(ids_of(value))
    elif operation.has_value:
        # Entra names whom it removes next to the path; the others stay.
        change.remove(ids_of(value))
    else:
        change.replace(())


def _take_selected(change: MemberChange, operation: Operation, node: ValuePath) -> None:
    if operation.op != "remove":
        raise bad_path("Add members with the path “members”.")
    change.remove(_selected(node.val_filter))


def _selected(node: FilterNode) -> set[UUID]:
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.or_:
        return set().union(*(_selected(term) for term in node.terms))
    if (
        isinstance(node, Comparison)
        and node.op == CompareOperator.eq
        and node.attr_path.attr.lower() == "value"
    ):
        return {_identifier(node.value)}
    raise bad_filter("Members are chosen by “value eq”, joined by “or”.")
