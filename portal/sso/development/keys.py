"""The development identity providers' own keys, one for each organization, made on first use."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings

VALID_FOR = timedelta(days=825)


@dataclass(frozen=True)
class SigningKey:
    private_pem: bytes
    certificate_pem: bytes


def signing_key(name: str) -> SigningKey:
    """The key of one identity provider, from `GATEHOUSE_HOME/idp`."""
    folder = Path(settings.GATEHOUSE_HOME) / "idp"
    private, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    if not (private.exists() and certificate.exists()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = make_key(name)
        _write(private, made.private_pem)
        _write(certificate, made.certificate_pem)
    return SigningKey(private.read_bytes(), certificate.read_bytes())


def make_key(name: str, *, bits: int = 2048) -> SigningKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} identity provider")])
    start = datetime.now(tz=UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + VALID_FOR)
        .sign(key, hashes.SHA256())
    )
    return SigningKey(
        private_pem=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate_pem=certificate.public_bytes(serialization.Encoding.PEM),
    )


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and readable by its owner alone."""
    draft = path.with_suffix(f"{path.suffix}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.rename(path)
