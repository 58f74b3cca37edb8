"""A small run of the chaos suite: every trouble, a few requests each."""

import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT
from tests.chaos import servers

TICKETS, SECONDS = 30, 8


@pytest.mark.chaos
@pytest.mark.skipif(bool(servers.missing()), reason=servers.missing() or "can run")
def test_nothing_is_lost_or_done_twice() -> None:
    words = ["--tickets", str(TICKETS), "--seconds", str(SECONDS), "--not-timed"]

    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "every bar holds" in done.stdout
