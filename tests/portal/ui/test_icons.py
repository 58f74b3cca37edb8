"""Icons are drawn by name, so a misspelt one would only show on its own page."""

import re
from pathlib import Path

from portal.ui.templatetags.ui import icon

ROOT = Path(__file__).parents[3]
IN_TEMPLATES = re.compile(r"""{% icon ["']([\w-]+)["']|\bicon=["']([\w-]+)["']""")
IN_CODE = re.compile(r"""\bicon=["']([\w-]+)["']""")


def named() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "templates").rglob("*.html"):
        found |= {a or b for a, b in IN_TEMPLATES.findall(path.read_text())}
    for path in (ROOT / "portal").rglob("*.py"):
        found |= set(IN_CODE.findall(path.read_text()))
    return found


def test_every_icon_named_anywhere_exists() -> None:
    assert [name for name in sorted(named()) if not icon(name).startswith("<svg")] == []


def test_an_icon_with_meaning_says_it_and_cannot_be_broken_out_of() -> None:
    drawn = icon("check", 14, 'Done"><script>')

    assert 'role="img"' in drawn
    assert "<script>" not in drawn
