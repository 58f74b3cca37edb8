"""Run in a process of its own, with Django set up: what each document costs in time and memory.

Reads a JSON file of documents and of the connection; writes seconds for each, and the growth of
the process over all of them, in which the largest single one is contained.
"""

import json
import resource
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from portal.sso.connecting import parties_of
from portal.sso.models import Connection
from portal.sso.refusals import SignInRefused
from portal.sso.saml.explaining import explain_guarded
from portal.sso.saml.guard import guard
from portal.sso.saml.opening import OwnKey
from portal.sso.saml.validating import verify_guarded


def main(path: str) -> None:
    work: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    look = looker(work)
    look(work["documents"]["honest"])
    before = _peak()
    seconds = {name: _quickest(look, encoded) for name, encoded in work["documents"].items()}
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": _peak() - before}))


def looker(work: dict[str, Any]) -> Any:
    """All that the ACS does with a document: guard, explain, judge, read."""
    connection = Connection(**work["connection"])
    at = datetime.fromisoformat(work["at"])
    keys = (OwnKey("ours", work["private_key"]),)

    def look(encoded: str) -> None:
        try:
            guarded = guard(encoded, lambda: keys)
            explain_guarded(guarded, connection, at=at)
            verify_guarded(guarded, parties_of(connection), at=at)
        except SignInRefused:
            return

    return look


def _quickest(look: Any, encoded: str) -> float:
    """Of three: what else the machine does can only make it slower."""
    found = []
    for _ in range(3):
        started = time.process_time()
        look(encoded)
        found.append(time.process_time() - started)
    return min(found)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
