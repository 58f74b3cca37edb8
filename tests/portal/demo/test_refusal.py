"""The demo has known passwords: it does not start where others could reach it."""

import os
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

ELSEWHERE = {
    "listening on every address": {"HOST": "0.0.0.0"},
    "listening on the network": {"HOST": "192.0.2.1"},
    "with an address of the network": {"BASE_URL": "https://gatehouse.example.com"},
    "with a database server": {
        "DATABASE_URL": "postgres://a:b@127.0.0.1/c",
        "BASE_URL": "http://localhost",
    },
}


@pytest.mark.parametrize("change", ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_the_demo_refuses_to_start_elsewhere(change: dict[str, str], tmp_path: object) -> None:
    kept = {"PATH": os.environ["PATH"], "DEMO": "true", "GATEHOUSE_HOME": str(tmp_path)}

    started = subprocess.run(
        [sys.executable, "-c", "import portal.settings"],
        cwd=ROOT,
        env={**kept, **change},
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode != 0
    assert "DEMO has known passwords" in started.stderr
