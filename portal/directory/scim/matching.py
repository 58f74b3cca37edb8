"""Filters over the items of one attribute, as PATCH paths use them to choose some."""

from collections.abc import Callable, Mapping
from typing import Any

from scim2_models.path import (
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
)

from portal.directory.rules import folded
from portal.directory.scim.errors import bad_filter

_TESTS: Mapping[CompareOperator, Callable[[Any, Any], bool]] = {
    CompareOperator.eq: lambda left, right: left == right,
    CompareOperator.ne: lambda left, right: left != right,
    CompareOperator.co: lambda left, right: str(right) in str(left),
    CompareOperator.sw: lambda left, right: str(left).startswith(str(right)),
    CompareOperator.ew: lambda left, right: str(left).endswith(str(right)),
}


class _Matcher(FilterVisitor[bool]):
    def __init__(self, item: Any) -> None:
        fields = item if isinstance(item, dict) else {"value": item}
        self.values = {name.lower(): value for name, value in fields.items()}

    def visit_comparison(self, node: Comparison) -> bool:
        test = _TESTS.get(node.op)
        if test is None:
            raise bad_filter(f"The operator “{node.op.value}” is not supported here.")
        held = self.values.get(node.attr_path.attr.lower())
        return held is not None and test(_comparable(held), _comparable(node.value))

    def visit_present(self, node: Present) -> bool:
        return self.values.get(node.attr_path.attr.lower()) not in (None, "", [])

    def visit_not(self, node: Not) -> bool:
        return not self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> bool:
        found = [self.visit(term) for term in node.terms]
        return all(found) if node.op == LogicalOperator.and_ else any(found)


def matches(node: FilterNode, item: Any) -> bool:
    return _Matcher(item).visit(node)


def implied_values(node: FilterNode) -> dict[str, Any]:
    """The item that `type eq "work"` describes; what is not a plain equality implies nothing."""
    if isinstance(node, Comparison) and node.op == CompareOperator.eq:
        return {node.attr_path.attr: node.value}
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
        return {k: v for term in node.terms for k, v in implied_values(term).items()}
    return {}


def _comparable(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return folded(value) if isinstance(value, str) else value
