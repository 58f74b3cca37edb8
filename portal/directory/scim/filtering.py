"""The filters that identity providers send, as conditions of the database."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from scim2_models import SCIMException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

from portal.directory.models import DirectoryAddress, DirectoryPlace
from portal.directory.rules import folded
from portal.directory.scim.errors import bad_filter
from portal.directory.scim.reading import truth

LONGEST_FILTER = 2000
Condition = Callable[[Any], Q]


def _identifier(value: Any) -> Q:
    try:
        return Q(pk=UUID(str(value)))
    except ValueError:
        return Q(pk__in=())


def _address(value: Any, kind: str | None = None) -> Q:
    found = DirectoryAddress.objects.filter(value_key=folded(str(value)))
    if kind is not None:
        found = found.filter(kind__iexact=kind)
    return Q(pk__in=found.values("user_id"))


def _has_member(value: Any) -> Q:
    try:
        places = DirectoryPlace.objects.filter(user_id=UUID(str(value)))
    except ValueError:
        return Q(pk__in=())
    return Q(pk__in=places.values("group_id"))


USERS: Mapping[str, Condition] = {
    "id": _identifier,
    "username": lambda value: Q(user_name_key=folded(str(value))),
    "externalid": lambda value: Q(external_id=str(value)),
    "displayname": lambda value: Q(display_name__iexact=str(value)),
    "active": lambda value: Q(is_active=truth(value, "active")),
    "emails": _address,
    "emails.value": _address,
}
GROUPS: Mapping[str, Condition] = {
    "id": _identifier,
    "displayname": lambda value: Q(display_name_key=folded(str(value))),
    "externalid": lambda value: Q(external_id=str(value)),
    "members": _has_member,
    "members.value": _has_member,
}


def condition_of(text: str, known: Mapping[str, Condition]) -> Q:
    """The condition that a filter is. Raises ScimError with what is possible instead."""
    if len(text) > LONGEST_FILTER:
        raise bad_filter(f"A filter has at most {LONGEST_FILTER} characters.")
    try:
        node = ScimFilter(text).ast
    except (SCIMException, ValueError) as wrong:
        raise bad_filter(f"The filter cannot be read: {wrong}.") from wrong
    return _Reader(known).read(node)


class _Reader:
    def __init__(self, known: Mapping[str, Condition]) -> None:
        self.known = known

    def read(self, node: FilterNode) -> Q:
        if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
            together = Q()
            for term in node.terms:
                together &= self.read(term)
            return together
        if isinstance(node, ValuePath):
            return self._selected(node)
        return self._compared(_equality(node))

    def _compared(self, node: Comparison) -> Q:
        name = _name(node.attr_path)
        condition = self.known.get(name)
        if condition is None:
            raise bad_filter(f"“{node.attr_path}” cannot be filtered by. Known: {self._known()}.")
        return condition(_text(node.value))

    def _selected(self, node: ValuePath) -> Q:
        """`emails[type eq "work" and value eq "x"]`, and `members[value eq "id"]`."""
        parts = {_name(one.attr_path): _text(one.value) for one in map(_equality, _terms(node))}
        name, value = _name(node.attr_path), parts.pop("value", None)
        if value is not None and name in self.known and not parts:
            return self.known[name](value)
        if (
            value is not None
            and name == "emails"
            and "emails" in self.known
            and set(parts) == {"type"}
        ):
            return _address(value, kind=str(parts["type"]))
        raise bad_filter(f"“{node}” cannot be filtered by. Known: {self._known()}.")

    def _known(self) -> str:
        return ", ".join(sorted(self.known))


def _terms(node: ValuePath) -> tuple[FilterNode, ...]:
    inner = node.val_filter
    if isinstance(inner, LogicalExpr) and inner.op == LogicalOperator.and_:
        return inner.terms
    return (inner,)


def _equality(node: FilterNode) -> Comparison:
    if isinstance(node, Comparison) and node.op == CompareOperator.eq:
        return node
    raise bad_filter("Only “eq”, joined by “and”, can be filtered by.")


def _name(path: AttrPath) -> str:
    return f"{path.attr}.{path.sub_attr}".lower() if path.sub_attr else path.attr.lower()


def _text(value: Any) -> Any:
    if isinstance(value, str) and "\x00" in value:
        raise bad_filter("A filter may not contain NUL.")
    return value
