"""TLS in front of a server that speaks plain HTTP, so that a connection's https rule holds."""

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import select
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


def make_certificate(folder: Path) -> Path:
    """A certificate for this machine, with its key in one file; clients trust it by that file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    start = datetime.now(tz=UTC) - timedelta(hours=1)
    address = x509.IPAddress(ipaddress.ip_address(HOST))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "tls.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def tls_in_front_of(port: int, certificate: Path, listener: socket.socket) -> Iterator[None]:
    """Serve until the block ends; `listener` is bound and listening already."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    Thread(target=_accept, args=(listener, context, port), daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            outer, _address = listener.accept()
        except OSError:  # closed: the block has ended
            return
        Thread(target=_carry, args=(outer, context, port), daemon=True).start()


def _carry(outer: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """One connection: both directions, until either side is done."""
    with suppress(OSError):
        outer.settimeout(30)
        with (
            context.wrap_socket(outer, server_side=True) as secure,
            socket.create_connection((HOST, port), timeout=30) as inner,
        ):
            _relay(secure, inner)


def _relay(secure: ssl.SSLSocket, inner: socket.socket) -> None:
    while True:
        ready = [secure] if secure.pending() else select([secure, inner], [], [], 30)[0]
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (inner if source is secure else secure).sendall(data)
        if not ready:
            return
