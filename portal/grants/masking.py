"""Hides values inside free text: what the source or a person wrote may quote the data itself."""

import re
from dataclasses import dataclass

HIDDEN = "•••"
_VALUE = re.compile(
    r"""
    (?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+   # an e-mail address; from a word's start alone
    | '[^'\n]+'                     # a quoted literal, however long
    | "[^"\n]+"
    | `[^`\n]+`
    | [\u201c\u201e][^\u201c\u201d\n]+[\u201c\u201d] | \u2018[^\u2018\u2019\n]+\u2019
    | «[^«»\n]+» | \u2039[^\u2039\u203a\n]+\u203a
    | (?<==)\([^()\n]*\)           # what a database says of a row: Key (name)=(Ada)
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
