"""A site that publishes metadata over TLS, and certificates that end when a test says so."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from portal.outbound.client import Client
from portal.sso.development.keys import SigningKey
from tests.portal.outbound.test_client import certificate as site_certificate

NAME = "idp.acme.example"
_HEAD = (
    '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
    ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity}">'
    '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
)
_KEY = (
    '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{body}'
    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
)
_FOOT = (
    '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
    ' Location="{sso}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
)


def written(
    *pems: str,
    entity: str = "https://idp.acme.test/metadata",
    sso: str = "https://idp.acme.test/sso",
) -> bytes:
    """Metadata that names these signing certificates."""
    keys = "".join(_KEY.format(body="".join(pem.split("\n")[1:-2])) for pem in pems)
    return f"{_HEAD.format(entity=entity)}{keys}{_FOOT.format(sso=sso)}".encode()


def certificate_until(end: datetime) -> str:
    return _certificate(ec.generate_private_key(ec.SECP256R1()), end)


def key_until(end: datetime) -> SigningKey:
    """One that can sign assertions."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SigningKey(private, _certificate(key, end).encode())


def _certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, end: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=900))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class Site:
    """What it answers, and how often it was asked."""

    port: int
    client: Client
    body: bytes = b""
    status: int = 200
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/metadata"


@contextmanager
def publishing(folder: Path) -> Iterator[Site]:
    """Reached through the product's own client: its checks, its TLS, its limits."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            self.send_response(site.status)
            self.send_header("Content-Length", str(len(site.body)))
            self.end_headers()
            self.wfile.write(site.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    pem = site_certificate(folder, NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    port = server.server_address[1]
    client = Client(
        resolve=lambda _host, _port: [ip_address("127.0.0.1")],
        may_connect=lambda _address: True,
        ports=frozenset({port}),
        trust=ssl.create_default_context(cafile=str(pem)),
    )
    site = Site(port=port, client=client)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
