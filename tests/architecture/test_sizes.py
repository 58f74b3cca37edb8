"""A file that outgrows its room is split by noun, a function by step."""

import ast

from tests.architecture.sources import ROOT, modules, name_of, tree

LONGEST_FILE, LONGEST_FUNCTION = 400, 40


def test_no_file_is_too_long() -> None:
    files = [*modules(), *sorted((ROOT / "tests").rglob("*.py"))]

    long = {
        name_of(path): lines
        for path in files
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }

    assert long == {}


def test_no_function_is_too_long() -> None:
    long = {
        f"{name_of(path)}:{node.name}": length
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }

    assert long == {}
