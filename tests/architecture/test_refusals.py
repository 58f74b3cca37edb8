"""Every reason to refuse a sign-in can happen, is tried by a test, and is one plain sentence."""

import re
from functools import cache
from pathlib import Path

import pytest

from portal.sso.refusals import Reason
from tests.architecture.sources import ROOT, modules, name_of
from tests.architecture.test_words import inside_words

DEFINED_IN = "portal/sso/refusals.py"
LONGEST = 120


@cache
def reasons_named_in(*paths: Path) -> frozenset[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return frozenset(re.findall(r"\bReason\.([A-Z][A-Z0-9_]*)\b", text))


def test_every_reason_is_given_by_some_code() -> None:
    code = reasons_named_in(*(path for path in modules() if name_of(path) != DEFINED_IN))

    assert set(Reason.__members__) - code == set()


def test_every_reason_is_tried_by_a_test() -> None:
    tests = reasons_named_in(*sorted((ROOT / "tests").rglob("test_*.py")))

    assert set(Reason.__members__) - tests == set()


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_one_plain_sentence(reason: Reason) -> None:
    said = str(reason.label)

    assert re.fullmatch(r"[A-Z].*\.", said)
    assert len(said) <= LONGEST
    assert inside_words(said) == []
