"""No document a stranger can post costs more than 200 ms of CPU or 50 MB."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from portal.sso.models import Connection, ConnectionKey, SignInAttempt
from portal.sso.refusals import Reason
from tests.architecture.sources import ROOT
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.heavy import heavy_documents

pytestmark = pytest.mark.django_db

RUN = (
    "import sys, django; django.setup(); "
    "from tests.portal.sso.weighing import main; main(sys.argv[1])"
)
MOST_SECONDS = 0.2
MOST_MEGABYTES = 50


@pytest.mark.thorough
def test_heavy_documents_cost_little(acme_idp: Idp, tmp_path: Path) -> None:
    key = ConnectionKey.objects.filter(connection=acme_idp.connection).current().get()
    connection = Connection.objects.get(pk=acme_idp.connection.pk)
    work = {
        "documents": heavy_documents(acme_idp),
        "connection": {
            "id": str(connection.pk),
            "idp_entity_id": connection.idp_entity_id,
            "idp_sso_url": connection.idp_sso_url,
            "certificate": connection.certificate,
        },
        "private_key": key.private_key(),
        "at": timezone.now().isoformat(),
    }
    path = tmp_path / "work.json"
    path.write_text(json.dumps(work), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path)],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    costs = json.loads(done.stdout)
    slow = {name: s for name, s in costs["seconds"].items() if s > MOST_SECONDS}
    assert slow == {}
    assert costs["megabytes"] < MOST_MEGABYTES


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("SAMLResponse=" + "A" * 5_000_000, "application/x-www-form-urlencoded", 400),
        ("&".join(["a=b"] * 5_000), "application/x-www-form-urlencoded", 400),
        ("SAMLResponse=PGEvPg==", "text/plain", 400),
        ("SAMLResponse=PGEvPg==", "multipart/form-data; boundary=x", 400),
        ("SAMLResponse=PGEvPg==", "", 400),
        ("SAMLResponse=PGEvPg==", "application/x-www-form-urlencoded; charset=utf-16", 400),
        ("SAMLResponse=PGEvPg==", "application/x-www-form-urlencoded; charset=no-such", 400),
        ("SAMLResponse=%FF%FE", "application/x-www-form-urlencoded", 400),
        ("SAMLResponse=a&SAMLResponse=b", "application/x-www-form-urlencoded", 400),
        ("samlresponse=a", "application/x-www-form-urlencoded", 400),
        ("", "application/x-www-form-urlencoded", 400),
    ],
    ids=[
        "5-MB",
        "fields",
        "text",
        "multipart",
        "no-type",
        "utf-16",
        "no-such-charset",
        "not-utf-8",
        "twice",
        "other-name",
        "empty",
    ],
)
def test_odd_bodies_are_refused_calmly(
    browser: Browser, acme_idp: Idp, body: str, content_type: str, status: int
) -> None:
    where = f"/sso/{acme_idp.connection.pk}/acs/"

    response = browser.generic("POST", where, body, content_type=content_type)

    assert response.status_code == status
    assert not browser.session.get("_auth_user_id")


@pytest.mark.parametrize("length", ["", "-1", "abc", "99999999999999999999"])
def test_length_that_is_none_is_no_way_in(browser: Browser, acme_idp: Idp, length: str) -> None:
    """A body sent in chunks has no length; what nobody can weigh is not read."""
    response = browser.generic(
        "POST",
        f"/sso/{acme_idp.connection.pk}/acs/",
        "SAMLResponse=PGEvPg==",
        content_type="application/x-www-form-urlencoded",
        CONTENT_LENGTH=length,
    )

    assert response.status_code == 400
    assert SignInAttempt.objects.get().reason in {Reason.TOO_LARGE, Reason.NOT_BASE64}
