"""SimpleSAMLphp on a free port of this machine, as an IdP that others wrote."""

import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from django.core.cache import cache as django_cache

from portal.sso.development.keys import make_key
from tests.foreign.tls import make_certificate, tls_in_front_of

HERE = Path(__file__).parent
PLACES = (
    HERE.parent.parent / ".tools" / "simplesamlphp" / "usr" / "share" / "simplesamlphp",
    Path("/usr/share/simplesamlphp"),
)
PASSWORD = "petrichor"
PEOPLE = {
    "erin": ("Erin Malone", "erin@acme.test", ("staff", "data-platform")),
    "omar": ("Omar Haddad", "omar@acme.test", ("staff",)),
    "mallory": ("Mallory Quill", "mallory@elsewhere.test", ("staff",)),
}
PATIENCE = 20.0


def find() -> tuple[str, Path]:
    """PHP and SimpleSAMLphp; without them the test is skipped aloud, or fails on the CI machine."""
    php = shutil.which("php") or ""
    place = next((place for place in PLACES if (place / "www").is_dir()), None)
    if php and place:
        return php, place
    how = "apt-get install php-cli php-xml php-mbstring; tests/foreign/fetch.sh"
    if os.environ.get("CI") == "true":
        pytest.fail(f"The CI machine must have PHP and SimpleSAMLphp: {how}")
    pytest.skip(f"NO SIMPLESAMLPHP HERE: no foreign IdP was tried. {how}")


class SimpleSaml:
    """A running SimpleSAMLphp. It reads its folder for each request, so changes count at once."""

    def __init__(self, folder: Path, port: int, tls: Path) -> None:
        self.folder = folder
        self.base = f"https://127.0.0.1:{port}"
        self.trusting = ssl.create_default_context(cafile=tls)
        self.entity_id = f"{self.base}/saml2/idp/metadata.php"
        self.sso_url = f"{self.base}/saml2/idp/SSOService.php"
        for name in ("sessions", "temporary"):
            (folder / name).mkdir()
        self.situation: dict[str, Any] = {
            "base": self.base,
            "salt": secrets.token_hex(16),
            "people": _people(PEOPLE),
            "sign_response": False,
            "require_signed_requests": True,
            "encrypt": False,
            "name_id": "persistent",
            "key": "first",
            "next_key": "",
        }
        self.make_key("first")
        self.be()

    def be(self, **changes: Any) -> None:
        """Change how the IdP is set up, as its admin would."""
        self.situation.update(changes)
        draft = self.folder / "situation.json.draft"
        draft.write_text(json.dumps(self.situation))
        draft.rename(self.folder / "situation.json")

    def know(self, people: dict[str, tuple[str, str, Sequence[str]]]) -> None:
        self.be(people=_people({**PEOPLE, **people}))

    def make_key(self, name: str) -> None:
        made = make_key(name)
        (self.folder / f"{name}.key").write_bytes(made.private_pem)
        (self.folder / f"{name}.crt").write_bytes(made.certificate_pem)

    def trust(self, metadata: bytes, name: str = "gatehouse") -> None:
        """Take in a service provider's metadata, as it was handed over."""
        (self.folder / f"sp-{name}.xml").write_bytes(metadata)

    def metadata(self) -> str:
        with urlopen(self.entity_id, timeout=10, context=self.trusting) as answer:  # noqa: S310
            text: str = answer.read().decode()
        return text

    def forget_everybody(self) -> None:
        """End all its sessions: the next sign-in asks for a password again."""
        for session in (self.folder / "sessions").iterdir():
            session.unlink()

    def said(self) -> str:
        log = self.folder / "simplesamlphp.log"
        return log.read_text() if log.exists() else ""


def _people(people: dict[str, tuple[str, str, Sequence[str]]]) -> dict[str, Any]:
    return {
        f"{uid}:{PASSWORD}": {
            "uid": [uid],
            "displayName": [name],
            "mail": [email],
            "groups": list(groups),
        }
        for uid, (name, email, groups) in people.items()
    }


@contextmanager
def running(folder: Path) -> Iterator[SimpleSaml]:
    """Serve until the block ends; the processes are stopped by their own ids."""
    certificate = make_certificate(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = SimpleSaml(folder, listener.getsockname()[1], certificate)
        process, port = _start(folder)
        try:
            with tls_in_front_of(port, certificate, listener):
                yield made
        finally:
            _stop(process)


@pytest.fixture(scope="session")
def simplesamlphp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleSaml]:
    with running(tmp_path_factory.mktemp("simplesamlphp")) as made:
        yield made


@pytest.fixture
def foreign_idp(simplesamlphp: SimpleSaml) -> Iterator[SimpleSaml]:
    """One server for all tests, set up anew for each."""
    before = dict(simplesamlphp.situation)
    django_cache.clear()
    yield simplesamlphp
    simplesamlphp.be(**before)
    for known in simplesamlphp.folder.glob("sp-*.xml"):
        known.unlink()


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """PHP wants to be told a port, and somebody else may take a free one first: try again."""
    php, place = find()
    for _attempt in range(5):
        port = _free_port()
        process = _run([php, "-S", f"127.0.0.1:{port}", "-t", str(place / "www")], folder)
        if _has_started(process, folder / "php.log"):
            return process, port
        _stop(process)
    pytest.fail((folder / "php.log").read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "php.log").open("wb") as log:
        return subprocess.Popen(
            command,
            env={
                "PATH": os.environ["PATH"],
                "SIMPLESAMLPHP_CONFIG_DIR": str(HERE / "simplesamlphp"),
                "FOREIGN_FOLDER": str(folder),
                # A browser keeps connections open; one process would wait for it.
                "PHP_CLI_SERVER_WORKERS": "3",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _has_started(process: subprocess.Popen[bytes], log: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if ") started" in log.read_text():
            return True
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        # PHP's own workers would outlive a parent stopped alone.
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(10)
