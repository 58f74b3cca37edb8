"""On screen and in mail, words a busy admin knows; the inside words stay inside."""

import re
from pathlib import Path

from audit import sentences
from audit.names import EventName
from tests.architecture.sources import ROOT, modules, name_of, templates

# Inside word -> what people read instead (docs/architecture.md, Words).
INSIDE = {
    r"\btickets?\b": "request",
    # A Microsoft tenant is what their own admins call it.
    r"(?<!Microsoft )\btenants?\b": "organization",
    r"\bcontain(ed|ment)\b": "access blocked",
    r"\bbreach(ed)?\b": "late",
    r"\bresidue\b": "what is left",
    r"\bwaiting_input\b": "needs you",
    r"\blapsed\b": "not answered",
    r"\bnegative proof\b": "proof of no access",
    r"\bSLA\b": "24 hours",
}
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>", re.DOTALL)
_TRANSLATED = re.compile(r"\{%\s*(?:translate|trans)\s+\"([^\"]*)\"")
_ATTRIBUTES = re.compile(r"(?:aria-label|title|placeholder|alt)=\"([^\"{]*)\"")
_GETTEXT = re.compile(r"\b(?:_|gettext|gettext_lazy)\(\s*\"([^\"]*)\"")


def shown(template: str) -> str:
    """What of a template a person can read."""
    said = _TRANSLATED.findall(template) + _ATTRIBUTES.findall(template)
    return "\n".join([_TAG.sub(" ", template), *said])


def inside_words(text: str) -> list[str]:
    return [word for word in INSIDE if re.search(word, text, re.IGNORECASE)]


def test_templates_speak_the_admins_language() -> None:
    wrong = {
        path.relative_to(ROOT).as_posix(): words
        for path in templates()
        if (words := inside_words(shown(path.read_text(encoding="utf-8"))))
    }

    assert wrong == {}


def test_translated_words_in_code_do_too() -> None:
    wrong = {
        name_of(path): words
        for path in modules()
        if (words := inside_words("\n".join(_GETTEXT.findall(path.read_text(encoding="utf-8")))))
    }

    assert wrong == {}


def test_every_event_has_a_sentence_in_those_words() -> None:
    text = Path(sentences.__file__).read_text(encoding="utf-8")

    assert {
        n for n in EventName if f"EventName.{n.name}" not in text and f"N.{n.name}" not in text
    } == set()


def test_this_test_can_fail() -> None:
    assert inside_words(shown("<p>The ticket was breached</p>")) != []
    assert inside_words(shown('<p class="ticket">{{ ticket.label }}</p>')) == []
