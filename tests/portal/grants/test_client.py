"""The example client of the documentation, run as a person runs it against a real server."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from portal.grants.actions.decisions import approve_grant, revoke_grant
from portal.grants.actions.requests import endorse_grant
from portal.grants.models import AccessRecord, Case, Grant
from portal.grants.terms import Consent
from tenants.access import Actor
from tenants.models import Membership
from tests.cast import make_token_text
from tests.portal.grants.conftest import WHY

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(transaction=True)]
CLIENT = Path("docs/support_client.py")
Answer = tuple[int, list[dict[str, Any]], str]


@pytest.fixture
def run(sam: Membership, live_server: Any) -> Callable[..., Answer]:
    token = make_token_text(sam)

    def call(*words: str) -> Answer:
        done = subprocess.run(
            [sys.executable, str(CLIENT), *words],
            env={**os.environ, "GATEHOUSE_URL": live_server.url, "GATEHOUSE_TOKEN": token},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, [json.loads(each) for each in done.stdout.splitlines()], done.stderr

    return call


def test_the_whole_life_of_a_grant(  # noqa: PLR0915 - one story, told to its end
    case: Case, run: Callable[..., Answer], sia: Membership, lea: Membership,
    actor_of: Callable[..., Actor], staff_of: Callable[[Membership], Actor], at: datetime,
) -> None:  # fmt: skip
    opened = run("open-case", "acme", "Dashboards are empty")
    assert opened[1][0]["number"] == "CASE-102", opened[2]
    listed = {each["number"]: each for each in run("cases")[1]}
    source = listed["CASE-101"]["integrations"][0]["id"]

    asked = run("request", "acme", "CASE-101", source, "--why", WHY, "--days", "7")
    assert asked[0] == 0, asked[2]
    grant = Grant.objects.get()
    here = str(grant.pk)
    waiting = run("poll", here, "--every", "0.1", "--timeout", "0.2")
    assert (waiting[0], "vendor_review" in waiting[2]) == (1, True)
    assert run("read", here)[0] == 1

    endorse_grant(grant, actor=staff_of(lea), at=at)
    approve_grant(grant, actor=actor_of(sia), at=at, consent=Consent())
    assert run("poll", here, "--every", "0.1")[1][0]["status"] == "active"
    code, rows, said = run("read", here)
    assert code == 0, said
    seen = {row["id"] for row in rows}
    assert seen == {str(row.object_id) for row in AccessRecord.objects.all()}
    assert len(seen) == 3

    revoke_grant(grant, actor=actor_of(sia), at=at)
    assert run("read", here)[0] == 1
    again = run("request", "acme", "CASE-101", source, "--why", WHY)
    assert run("withdraw", again[1][0]["id"])[1][0]["status"] == "withdrawn"
    refused = run("request", "acme", "CASE-101", source, "--why", "short")
    assert refused[0] == 1
    assert refused[2].startswith("422")
