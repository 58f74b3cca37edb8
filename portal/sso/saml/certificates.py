"""Reading the certificates that identity providers sign with."""

import textwrap
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

MIN_RSA_BITS = 2048
MAX_PEM = 20_000
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class CertificateWrong(ValueError):
    """The text is no certificate that may sign assertions."""


@dataclass(frozen=True)
class Certificate:
    """What the connection page shows of a certificate."""

    pem: str
    expires_at: datetime
    fingerprint: str


def read_certificate(text: str) -> Certificate:
    """Read PEM or the bare Base64 of metadata. Raises CertificateWrong."""
    if len(text) > MAX_PEM:
        raise CertificateWrong("The certificate is too long.")
    try:
        certificate = x509.load_pem_x509_certificate(_as_pem(text).encode("ascii"))
        _check_key(certificate)
    except CertificateWrong:
        raise
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateWrong("That is not an X.509 certificate.") from error
    return Certificate(
        pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
        expires_at=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def bare(text: str) -> str:
    """The Base64 alone, of PEM or of metadata; of several certificates in a PEM, the first."""
    if _BEGIN in text:
        text = text.partition(_BEGIN)[2].partition(_END)[0]
    return "".join(text.split())


def _as_pem(text: str) -> str:
    return "\n".join([_BEGIN, *textwrap.wrap(bare(text), 64), _END, ""])


def _check_key(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return
    if isinstance(key, ec.EllipticCurvePublicKey):
        return
    raise CertificateWrong("The certificate's key must be RSA of 2048 bits or more, or ECDSA.")
