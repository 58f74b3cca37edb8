"""The client speaks to the address that was checked, and gives up in time."""

import datetime as dt
import http.server
import ssl
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.outbound.addresses import AddressRefused, check
from portal.outbound.client import Client, FetchFailed

LOOPBACK = ip_address("127.0.0.1")
NAME = "hooks.example.com"


class Site(http.server.BaseHTTPRequestHandler):
    hosts: list[str] = []

    def do_GET(self) -> None:
        self.hosts.append(self.headers["Host"])
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "https://127.0.0.1/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(200 if self.path == "/slow" else 1):
                self.wfile.write(b"x" if self.path == "/slow" else b"hello")
                self.wfile.flush()
                time.sleep(0.05 if self.path == "/slow" else 0)
            if self.path == "/large":
                self.wfile.write(b"y" * 100_000)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


def certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = dt.datetime.now(tz=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "site.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, NAME))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    Site.hosts = []
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(port: int, tmp_path: Path) -> Client:
    trust = ssl.create_default_context(cafile=str(tmp_path / "site.pem"))
    return Client(
        resolve=lambda _host, _port: [LOOPBACK],
        may_connect=lambda _address: True,
        ports=frozenset({port}),
        trust=trust,
    )


def test_the_name_is_asked_for_at_the_checked_address(client: Client, port: int) -> None:
    answer = client.fetch(f"https://{NAME}:{port}/")
    assert (answer.status, answer.body) == (200, b"hello")
    assert Site.hosts == [f"{NAME}:{port}"]


def test_a_redirect_is_not_followed(client: Client, port: int) -> None:
    answer = client.fetch(f"https://{NAME}:{port}/moved")
    assert answer.status == 302
    assert len(Site.hosts) == 1


def test_an_answer_over_the_limit_is_dropped(client: Client, port: int) -> None:
    with pytest.raises(FetchFailed, match="larger than 1000"):
        client.fetch(f"https://{NAME}:{port}/large", limit_bytes=1000)


def test_a_server_that_drips_is_cut_at_the_deadline(client: Client, port: int) -> None:
    started = time.monotonic()
    with pytest.raises(FetchFailed, match="in time"):
        client.fetch(f"https://{NAME}:{port}/slow", timeout=0.6)
    assert time.monotonic() - started < 3


def test_a_certificate_for_another_name_is_refused(client: Client, port: int) -> None:
    with pytest.raises(FetchFailed, match="certificate"):
        client.fetch(f"https://other.example.com:{port}/")


def test_proxies_of_the_environment_are_ignored(
    client: Client, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert client.fetch(f"https://{NAME}:{port}/").status == 200


def test_a_name_that_changes_to_loopback_never_reaches_the_listener(port: int) -> None:
    answers = iter([[ip_address("93.184.216.34")], [LOOPBACK]])
    guarded = Client(resolve=lambda _h, _p: next(answers), ports=frozenset({port}))
    url = f"https://{NAME}:{port}/"
    check(url, resolve=guarded.resolve, ports=guarded.ports)  # when the address was saved
    with pytest.raises(AddressRefused):
        guarded.fetch(url)  # when it is used
    assert Site.hosts == []
