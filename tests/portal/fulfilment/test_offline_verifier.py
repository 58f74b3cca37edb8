"""The one file that checks a certificate without Gatehouse, judged by another library."""

import base64
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from django.core.management import CommandError, call_command
from django.test import Client

from audit.canonical import canonical
from audit.signing import public_keys, replace_signing_key, sign
from portal.fulfilment import verify_certificate as offline
from portal.fulfilment.certifying import FORM
from portal.tickets.actions import file_deletion
from portal.tickets.rules import Scope
from tenants.access import Actor
from tenants.models import Membership, Policy
from tests.portal.fulfilment.conftest import Work, make_integration

SOURCE = Path(offline.__file__)
# Public key, message, signature: RFC 8032, section 7.1, tests 1, 2, 3 and SHA(abc).
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").digest(),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
            "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
]


def judged(key: bytes, message: bytes, signature: bytes) -> bool:
    """What OpenSSL, behind the library `cryptography`, says."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard_fit(key: str, message: bytes, signature: str) -> None:
    assert offline.fits(bytes.fromhex(key), message, bytes.fromhex(signature))
    assert judged(bytes.fromhex(key), message, bytes.fromhex(signature))
    assert not offline.fits(bytes.fromhex(key), message + b"\x00", bytes.fromhex(signature))


def test_it_agrees_with_a_foreign_judge_on_what_fits_and_what_does_not() -> None:
    chance = random.Random(8032)  # noqa: S311 - a test that repeats
    for _round in range(40):
        private = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        key, message = (
            private.public_key().public_bytes_raw(),
            chance.randbytes(chance.randrange(99)),
        )
        signature = private.sign(message)
        assert offline.fits(key, message, signature)
        for _spoilt in range(4):
            parts = [bytearray(key), bytearray(message + b"x"), bytearray(signature)]
            spoil = parts[chance.randrange(3)]
            spoil[chance.randrange(len(spoil))] ^= 1 << chance.randrange(8)
            bad = bytes(parts[0]), bytes(parts[1][:-1]), bytes(parts[2])
            assert offline.fits(*bad) == judged(*bad)


def test_the_second_spelling_of_a_signature_is_refused() -> None:
    """S + L names the same number, and only one of them is the signature."""
    private = Ed25519PrivateKey.generate()
    key, good = private.public_key().public_bytes_raw(), private.sign(b"m")
    more = int.from_bytes(good[32:], "little") + offline.L
    other = good[:32] + more.to_bytes(32, "little")

    assert not judged(key, b"m", other)
    assert not offline.fits(key, b"m", other)


@pytest.mark.parametrize(
    "value",
    [
        {"é": 1, "e": 2, "\U0001f600": 3, "\ufb33": 4, "": [], "a\u2028": None},
        ['\x00\x1f\x7f"\\/\b\f\n\r\t', True, False, -1, 0, 2**53 - 1],
    ],
)
def test_it_spells_json_as_a_foreign_library_does(value: object) -> None:
    assert offline.canonical(value).encode() == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    document = {
        "form": FORM, "number": "DEL-301", "organization": {"name": "Acmé"}, "residue": 0,
        "erased_at": "2026-01-01T00:00:00Z", "stores": [{"before": 3}],
    }  # fmt: skip
    (tmp_path / "certificate.json").write_text(canonical(sign(document)), encoding="utf-8")
    (tmp_path / "keys.json").write_text(json.dumps(public_keys()))
    return tmp_path


def verdict(folder: Path, keys: str = "keys.json") -> int:
    return offline.main([str(folder / "certificate.json"), "--keys", str(folder / keys)])


def test_it_refuses_every_changed_byte_as_the_command_does(folder: Path) -> None:
    assert verdict(folder) == 0
    file = folder / "certificate.json"
    good = file.read_bytes()
    for place in range(1, len(good) - 1, 3):
        for mask in (1, 16):
            changed = bytearray(good)
            changed[place] ^= mask
            file.write_bytes(bytes(changed))
            assert verdict(folder) in {1, 2}, (place, mask)
            with pytest.raises(CommandError):
                call_command("certificate_verify", file, keys=folder / "keys.json")


def test_every_spelling_of_the_signature_but_one_is_refused(folder: Path) -> None:
    """The symptom: the last letter carries four bits that nobody looks at."""
    file = folder / "certificate.json"
    document = json.loads(file.read_text())
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = letters.index(document["signature"][-1])
    for other in (letters[place ^ 1], letters[place ^ 15]):
        file.write_text(canonical({**document, "signature": document["signature"][:-1] + other}))
        assert verdict(folder) == 1
        with pytest.raises(CommandError):
            call_command("certificate_verify", file, keys=folder / "keys.json")


def test_another_key_and_a_key_inside_are_refused(folder: Path) -> None:
    file = folder / "certificate.json"
    document = json.loads(file.read_text())
    del document["signature"]
    replace_signing_key()
    for forged in (document, {**document, "keys": public_keys()["keys"]}):
        file.write_text(canonical(sign(forged)))
        assert verdict(folder) == 1


def test_a_pinned_key_works_as_jwk_and_as_pem(folder: Path) -> None:
    named = json.loads((folder / "certificate.json").read_text())["key"]
    jwk = next(key for key in public_keys()["keys"] if key["kid"] == named)
    (folder / "one.json").write_text(json.dumps(jwk))
    raw = base64.urlsafe_b64decode(jwk["x"] + "=")
    pem = Ed25519PublicKey.from_public_bytes(raw).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "one.pem").write_bytes(pem)
    assert [verdict(folder, "one.json"), verdict(folder, "one.pem")] == [0, 0]


@pytest.mark.parametrize(
    "text", ["", "[]", "\x00", '{"a":1,"a":1}', '{"a":' * 3000 + "1" + "}" * 3000]
)
def test_what_is_no_certificate_or_no_key_is_said_to_be_none(folder: Path, text: str) -> None:
    (folder / "other.json").write_text(text)
    assert verdict(folder, "other.json") == 2
    (folder / "certificate.json").write_text(text)
    assert verdict(folder) == 2


def interpreters() -> list[str]:
    """This Python, and the oldest and newest others that this machine has."""
    others = sorted(Path(sys.base_prefix).parent.glob("3.*/bin/python3"))
    new_enough = [p for p in others if int(p.parent.parent.name.split(".")[1]) >= 8]
    return [sys.executable, *map(str, new_enough)]


@pytest.mark.parametrize("python", interpreters())
def test_it_runs_alone_in_an_empty_folder(folder: Path, python: str, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "verify.py").write_bytes(SOURCE.read_bytes())
    told = subprocess.run(
        [
            python, "-I", "-S", "verify.py", str(folder / "certificate.json"),
            "--keys", str(folder / "keys.json"),
        ],
        cwd=alone,
        env={"PATH": os.defpath, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("Valid. DEL-301 of Acmé: 3 records in 1 stores, 0 left")


@pytest.mark.django_db(transaction=True)
def test_the_file_comes_from_the_certificates_page_and_accepts_the_real_one(
    ada: Membership,
    actor_of: Callable[..., Actor],
    client_of: Callable[..., Client],
    at: datetime,
    work: Work,
    tmp_path: Path,
) -> None:
    Policy.objects.update(cooling_off=timedelta(0))
    integration = make_integration(ada, at, name="Warehouse")
    ticket = work(
        file_deletion(
            Scope.INTEGRATION, actor=actor_of(ada), at=at, confirmation="Warehouse",
            integration_id=integration.pk,
        )
    )  # fmt: skip
    browser, where = client_of(ada), f"/o/acme/requests/{ticket.number}/certificate"
    verifier = "/o/acme/requests/verify_certificate.py"
    assert verifier in browser.get(f"{where}/").text
    answer = browser.get(verifier)
    assert answer.content == SOURCE.read_bytes()
    assert "attachment" in answer["Content-Disposition"]
    (tmp_path / "certificate.json").write_bytes(browser.get(f"{where}.json").content)
    (tmp_path / "keys.json").write_bytes(Client().get("/.well-known/gatehouse-keys.json").content)
    assert verdict(tmp_path) == 0
