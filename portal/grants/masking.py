"""Hides values inside free text: what the source or a person wrote may quote the data itself."""

import re
from dataclasses import dataclass

HIDDEN = "•••"
_VALUE = re.compile(
    r"""
    [\w.+-]+@[\w-]+\.[\w.-]+        # an e-mail address
    | '[^'\n]{1,200}'               # a quoted literal
    | "[^"\n]{1,200}"
    | `[^`\n]{1,200}`
    | \b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b
    | (?<![\w.])[+-]?\d[\d.,:/ -]{2,}\d(?!\w)   # numbers, dates, cards, telephone numbers
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Masked:
    text: str
    hidden: bool


def mask(text: str, *, lifted: bool) -> Masked:
    """The text with literal values hidden, unless the grant lifts the mask."""
    if lifted:
        return Masked(text, hidden=False)
    shown = _VALUE.sub(HIDDEN, text)
    return Masked(shown, hidden=shown != text)
