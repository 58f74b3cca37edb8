"""No template is left over, and none is asked for that is not there."""

import re
from functools import cache

from tests.architecture.sources import ROOT, modules

FOLDER = ROOT / "templates"
# Asked for by Django or allauth themselves, under names of theirs.
BY_NAME = re.compile(r"(?:40[034]|413|429|500)\.html|(?:account|mfa|allauth|django)/.*")
_NAMED = re.compile(r"[\"']([\w/.{}-]+\.(?:html|txt|xml|svg|json))[\"']")


def test_every_template_is_shown_by_something() -> None:
    """From the code, then through what extends and includes what."""
    reached = {name for path in modules() for name in named(path.read_text(encoding="utf-8"))}
    reached |= {name for name in all_templates() if BY_NAME.fullmatch(name)}
    waiting = [name for name in reached if (FOLDER / name).is_file()]
    while waiting:
        found = named((FOLDER / waiting.pop()).read_text(encoding="utf-8")) - reached
        reached |= found
        waiting += [name for name in found if (FOLDER / name).is_file()]

    assert all_templates() - reached == set()


@cache
def all_templates() -> frozenset[str]:
    found = (path for path in FOLDER.rglob("*") if path.is_file())
    return frozenset(path.relative_to(FOLDER).as_posix() for path in found)


def named(text: str) -> set[str]:
    """Names within quotes; what stands in braces may be anything."""
    found = set(_NAMED.findall(text))
    patterns = [re.sub(r"\{\w+\}", r"\\w+", name) for name in found if "{" in name]
    return found | {
        name for name in all_templates() if any(re.fullmatch(p, name) for p in patterns)
    }


def test_the_walk_finds_what_nobody_shows() -> None:
    assert "sso/start.html" in all_templates()
    assert named('page(request, f"errors/refused_{area}.html")') > {"errors/refused_console.html"}
    assert "sso/start.html" not in named("sso/start.html")
