"""The project's own code as text and as trees, for tests that read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("audit", "accounts", "tenants", "portal")


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file that runs in production, migrations left out."""
    found = [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]
    return tuple(found)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """`portal/tickets/rules.py` as it is written in these tests' lists."""
    return path.relative_to(ROOT).as_posix()


def calls(path: Path, function: str) -> Iterator[ast.Call]:
    """Calls of a function or method by its bare name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and called(node) == function:
            yield node


def called(node: ast.Call) -> str:
    target = node.func
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html")) + sorted(
        (ROOT / "templates").rglob("*.txt")
    )
