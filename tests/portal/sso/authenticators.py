"""An authenticator in software: makes passkeys and answers with them, truly or not."""

import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class SoftAuthenticator:
    """Holds one key; what it says can be bent by a test."""

    origin: str = "https://testserver"
    rp_id: str = "testserver"
    verifies: bool = True
    handle: str = ""
    cross_origin: bool = False
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = b"0123456789abcdef"

    def make(self, question: dict[str, Any]) -> str:
        """The answer to a request for a new passkey."""
        asked = question["publicKey"]
        self.handle = asked["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(b"\0" * 16, self.credential_id, public)
        data = AuthenticatorData.create(
            sha256(self.rp_id.encode()), self._flags() | _ATTESTED, 0, bytes(credential)
        )
        return self._answer(
            self._client("webauthn.create", asked),
            attestationObject=AttestationObject.create("none", data, {}),
        )

    def give(self, question: dict[str, Any]) -> str:
        """The answer to a request for a proof."""
        client = self._client("webauthn.get", question["publicKey"])
        data = AuthenticatorData.create(sha256(self.rp_id.encode()), self._flags(), 1)
        signature = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        answer = json.loads(self._answer(client, authenticatorData=data, signature=signature))
        answer["response"]["userHandle"] = self.handle
        return json.dumps(answer)

    def _flags(self) -> int:
        return _PRESENT | (_VERIFIED if self.verifies else 0)

    def _client(self, kind: str, asked: dict[str, Any]) -> CollectedClientData:
        return CollectedClientData.create(
            kind, asked["challenge"], self.origin, cross_origin=self.cross_origin
        )

    def _answer(self, client: CollectedClientData, **parts: bytes) -> str:
        name = websafe_encode(self.credential_id)
        said = {key: websafe_encode(value) for key, value in parts.items()}
        return json.dumps(
            {
                "type": "public-key",
                "id": name,
                "rawId": name,
                "clientExtensionResults": {"credProps": {"rk": True}},
                "response": {"clientDataJSON": websafe_encode(client), **said},
            }
        )
