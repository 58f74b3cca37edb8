"""Signatures hold for the document as it is, and for trusted keys only."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import signing
from audit.signing import KeysUnreadable, SignatureWrong, load_keys, own_keys, public_keys, sign


def test_a_signed_document_holds() -> None:
    document = sign({"b": 1, "a": "ü"})
    signing.verify(document, own_keys())
    signing.verify(json.loads(json.dumps(document)), own_keys())


@pytest.mark.parametrize("field", ["b", "key", "signature", "new"])
def test_any_change_breaks_it(field: str) -> None:
    document = {**sign({"b": 1}), field: "x"}
    with pytest.raises(SignatureWrong):
        signing.verify(document, own_keys())


def test_another_key_is_not_trusted() -> None:
    document = sign({"b": 1})
    other = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(SignatureWrong, match="not a trusted key"):
        signing.verify(document, {signing.key_id(other): other})


def test_a_retired_key_still_verifies_what_it_signed() -> None:
    document = sign({"b": 1})
    signing.replace_signing_key()
    assert sign({})["key"] != document["key"]
    signing.verify(document, own_keys())
    assert len(public_keys()["keys"]) == 2


def test_keys_load_from_a_set_a_single_key_and_pem(tmp_path: Path) -> None:
    published = public_keys()
    files = {
        "set.json": json.dumps(published),
        "one.json": json.dumps({**published["keys"][0], "kid": "a lie"}),
        "key.pem": signing._public_pem(next(iter(own_keys().values()))).decode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        assert load_keys(tmp_path / name).keys() == own_keys().keys()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"keys": []}', '{"keys": [1]}', "nonsense"])
def test_a_file_without_keys_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys").write_text(content)
    with pytest.raises(KeysUnreadable, match="holds no Ed25519 public key"):
        load_keys(tmp_path / "keys")
