"""Makes the key pairs that Gatehouse itself signs requests and opens assertions with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

# RSA, because every identity provider can verify and encrypt with it.
KEY_BITS = 2048
KEY_LASTS = timedelta(days=3 * 365)
# An identity provider whose clock is behind must not find the certificate not valid yet.
_EARLIER = timedelta(hours=24)


@dataclass(frozen=True)
class KeyPair:
    certificate: str
    private_key: str


def make_key_pair(connection_id: UUID, *, at: datetime) -> KeyPair:
    """A new key and its self-signed certificate, both as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Gatehouse"),
            x509.NameAttribute(NameOID.COMMON_NAME, str(connection_id)),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _EARLIER)
        .not_valid_after(at + KEY_LASTS)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return KeyPair(
        certificate=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        private_key=private.decode("ascii"),
    )
