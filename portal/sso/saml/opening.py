"""Opens an encrypted assertion with our own keys; what comes out is a stranger's text still."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.encryption_shape import Encrypted
from portal.sso.saml.markup import without_declaration
from portal.sso.saml.names import DATA_ALGORITHMS, MASKS, OAEP_DIGESTS

_NONCE, _TAG, _BLOCK = 12, 16, 16
_FUNCTIONS: tuple[type[hashes.HashAlgorithm], ...] = (
    hashes.SHA1,
    hashes.SHA256,
    hashes.SHA384,
    hashes.SHA512,
)
_DIGESTS = dict(zip(OAEP_DIGESTS, _FUNCTIONS, strict=True))
_MASKS = dict(zip(MASKS, _FUNCTIONS, strict=True))


@dataclass(frozen=True)
class OwnKey:
    """A key of ours in the clear, and what the connection page calls it."""

    label: str
    private_key: str


@dataclass(frozen=True)
class Opened:
    plain: bytes
    algorithm: str
    # Which of our keys opened it.
    label: str

    @property
    def is_authenticated(self) -> bool:
        return self.algorithm.endswith("-gcm")

    def as_far_as_told(self, refusal: SignInRefused) -> SignInRefused:
        """The refusal that may be shown.

        Without authentication a ciphertext can be changed and sent again, and each different
        answer would tell a bit of what is in it: all answers are one.
        """
        return refusal if self.is_authenticated else SignInRefused(Reason.DECRYPTION)


def open_assertion(encrypted: Encrypted, keys: Sequence[OwnKey]) -> Opened:
    """Try our keys, the likeliest first. Raises SignInRefused, the same for every cause."""
    for key in keys:
        plain = _opened(encrypted, key)
        if plain is not None:
            return Opened(without_declaration(plain), encrypted.algorithm, key.label)
    raise SignInRefused(Reason.DECRYPTION)


def _opened(encrypted: Encrypted, key: OwnKey) -> bytes | None:
    secret = _unwrapped(encrypted, key)
    if secret is None or len(secret) != DATA_ALGORITHMS[encrypted.algorithm]:
        return None
    if encrypted.algorithm.endswith("-gcm"):
        return _by_gcm(secret, encrypted.data)
    return _by_cbc(secret, encrypted.data)


def _unwrapped(encrypted: Encrypted, key: OwnKey) -> bytes | None:
    oaep = padding.OAEP(
        mgf=padding.MGF1(_MASKS[encrypted.mask]()),
        algorithm=_DIGESTS[encrypted.digest](),
        label=None,
    )
    private = serialization.load_pem_private_key(key.private_key.encode(), password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        return None
    try:
        return private.decrypt(encrypted.key, oaep)
    except ValueError:
        return None


def _by_gcm(secret: bytes, data: bytes) -> bytes | None:
    if len(data) < _NONCE + _TAG:
        return None
    try:
        return AESGCM(secret).decrypt(data[:_NONCE], data[_NONCE:], None)
    except InvalidTag:
        return None


def _by_cbc(secret: bytes, data: bytes) -> bytes | None:
    if len(data) < 2 * _BLOCK or len(data) % _BLOCK:
        return None
    cipher = Cipher(algorithms.AES(secret), modes.CBC(data[:_BLOCK])).decryptor()
    padded = cipher.update(data[_BLOCK:]) + cipher.finalize()
    # XML Encryption fills up with anything and says in the last byte how much.
    fill = padded[-1]
    return padded[:-fill] if 1 <= fill <= _BLOCK else None
