"""Runs a command, and reads what it answers."""

import io
import json
from typing import Any

from django.core.management import CommandError, call_command


def run(command: str, *words: str, slug: str = "acme") -> tuple[int, str]:
    """The exit code and what was said, the refusal after the answer."""
    out = io.StringIO()
    try:
        call_command(command, *words, f"--organization={slug}", stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def rows(command: str, *words: str, slug: str = "acme") -> list[dict[str, Any]]:
    """What a command answers as JSON, one object on each line."""
    code, said = run(command, *words, "--json", slug=slug)
    assert code == 0, said
    return [json.loads(line) for line in said.splitlines()]


def told(command: str, *words: str, code: int = 0) -> dict[str, Any]:
    """The one JSON object that a change answers."""
    ended, said = run(command, *words, "--json")
    assert ended == code, said
    found: dict[str, Any] = json.loads(said.splitlines()[0])
    return found
