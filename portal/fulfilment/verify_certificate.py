"""Checks what Gatehouse signed. One file, Python 3.8 or newer, nothing to install.

    python3 verify_certificate.py DEL-301-certificate.json --keys gatehouse-keys.json

A certificate of deletion, a statement of what support saw, a diagnosis bundle, or the manifest of
evidence for a period: of that the files that lie beside it are checked, too.

The keys are the ones you saved before, from /.well-known/gatehouse-keys.json, or one pinned key
(a JSON Web Key, or a PEM file). A key inside the certificate is never trusted.
Exit codes: 0 valid, 1 not valid, 2 a file cannot be read.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple  # noqa: UP035 - it runs on Python 3.8, too

# The largest whole number that every JSON reader takes for the same (RFC 8785, 3.2.2.3).
LARGEST = 2**53 - 1
# What stands before the 32 bytes of an Ed25519 key in a PEM file (RFC 8410).
PEM_HEAD = bytes.fromhex("302a300506032b6570032100")
KEY_BYTES, SIGNATURE_BYTES = 32, 64

Point = Tuple[int, int, int, int]  # noqa: UP006


class Refused(Exception):
    """The certificate does not hold."""


class Unreadable(Exception):
    """A file is not what it should be."""


# --- Ed25519, as RFC 8032 section 5.1 writes it ---------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _added(a: Point, b: Point) -> Point:
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(factor: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _added(total, point)
        point, factor = _added(point, point), factor >> 1
    return total


def _x_of(y: int, odd: int) -> Optional[int]:  # noqa: UP045
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    return P - x if x & 1 != odd else x


def _point(text: bytes) -> Optional[Point]:  # noqa: UP045
    number = int.from_bytes(text, "little")
    y, odd = number & ((1 << 255) - 1), number >> 255
    x = _x_of(y, odd) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def _bytes(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def fits(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the key's over exactly this message."""
    if len(key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    public, s = _point(key), int.from_bytes(signature[32:], "little")
    if public is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    k = int.from_bytes(digest, "little") % L
    minus: Point = (P - public[0], public[1], 1, P - public[3])
    return _bytes(_added(_times(s, BASE), _times(k, minus))) == signature[:32]


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)


# --- One spelling for JSON (RFC 8785) -------------------------------------------------------
def canonical(value: Any) -> str:
    """The spelling that was signed. Raises Refused for what stands in no certificate."""
    if isinstance(value, dict):
        names = sorted(value, key=_order)
        pairs = (f"{canonical(name)}:{canonical(value[name])}" for name in names)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > LARGEST):
        raise Refused("It holds a number that no certificate holds.")
    return json.dumps(value, ensure_ascii=False)


def _order(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


# --- Files ----------------------------------------------------------------------------------
def read_document(path: Path) -> Dict[str, Any]:  # noqa: UP006
    """Raises Unreadable."""
    try:
        document = json.loads(path.read_bytes().decode("utf-8"), object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path} is not a certificate: {error}") from error
    if not isinstance(document, dict):
        raise Unreadable(f"{path} is not a certificate.")
    return document


def _once(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:  # noqa: UP006
    """A name that stands twice could show one value and sign the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def read_keys(path: Path) -> Dict[str, bytes]:  # noqa: UP006
    """Key id -> key; computed, because a name in the file could lie. Raises Unreadable."""
    try:
        keys = _keys_in(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"{path} holds no Ed25519 public key.") from error
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise Unreadable(f"{path} holds no Ed25519 public key.")
    return {key_id(key): key for key in keys}


def _keys_in(content: bytes) -> List[bytes]:  # noqa: UP006
    if content.lstrip().startswith(b"-----BEGIN PUBLIC KEY-----"):
        lines = content.decode("ascii").strip().splitlines()
        der = base64.b64decode("".join(lines[1:-1]), validate=True)
        return [der[len(PEM_HEAD) :]] if der.startswith(PEM_HEAD) else []
    document = json.loads(content.decode("utf-8"))
    members = document.get("keys", [document])
    return [_decoded(key["x"]) for key in members if key.get("crv") == "Ed25519"]


def key_id(key: bytes) -> str:
    """The key's thumbprint (RFC 7638)."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _encoded(key)}
    return _encoded(hashlib.sha256(canonical(members).encode()).digest())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Only the one spelling of these bytes: others would let a file change and still fit."""
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encoded(value) != text:
        raise ValueError("not base64url")
    return value


# --- The judgement --------------------------------------------------------------------------
def check(document: Dict[str, Any], keys: Dict[str, bytes]) -> None:  # noqa: UP006
    """Raises Refused."""
    named, signature = document.get("key"), document.get("signature")
    if not isinstance(named, str) or not isinstance(signature, str):
        raise Refused("The document carries no signature.")
    if named not in keys:
        raise Refused(f"It is signed with key {named[:16]}, which is not a trusted key.")
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    try:
        message, signed = canonical(unsigned).encode(), _decoded(signature)
    except (ValueError, RecursionError) as wrong:
        raise Refused("The signature does not fit: the document was changed.") from wrong
    if not fits(keys[named], message, signed):
        raise Refused("The signature does not fit: the document was changed.")
    if document.get("form") not in FORMS:
        raise Refused("It is signed, but no document that this file knows.")


def check_files(document: Dict[str, Any], folder: Path) -> None:  # noqa: UP006
    """A manifest's files, beside it. Raises Refused and names the first that does not fit."""
    for file in document.get("files", []):
        path = folder / file["name"]
        if not path.is_file():
            raise Refused(f"{file['name']} is missing.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != file["sha256"]:
            raise Refused(f"{file['name']} was changed.")


def summary(document: Dict[str, Any]) -> str:  # noqa: UP006
    return f"Valid. {FORMS[document['form']](document)}"


def _deletion(document: Dict[str, Any]) -> str:  # noqa: UP006
    stores = document["stores"]
    before = sum(store["before"] for store in stores)
    return (
        f"{document['number']} of {document['organization']['name']}: {before} records in"
        f" {len(stores)} stores, {document['residue']} left, erased {document['erased_at']}."
    )


def _statement(document: Dict[str, Any]) -> str:  # noqa: UP006
    return (
        f"Statement of {document['number']} at {document['organization']['name']}:"
        f" {len(document['records'])} reads and acts by {document['staff']['name']},"
        f" as of {document['made_at']}."
    )


def _bundle(document: Dict[str, Any]) -> str:  # noqa: UP006
    return (
        f"Diagnosis bundle of {document['case']}: {len(document['lines'])} facts,"
        f" {document['left_out']} kept back, sent {document['sent_at']}."
    )


def _period(document: Dict[str, Any]) -> str:  # noqa: UP006
    return (
        f"Evidence of {document['organization']['name']} from {document['period']['from']} to"
        f" {document['period']['to']}: {len(document['files'])} files, none of them changed."
    )


FORMS: Dict[str, Callable[[Dict[str, Any]], str]] = {  # noqa: UP006
    "gatehouse-deletion-certificate/1": _deletion,
    "gatehouse-access-statement/1": _statement,
    "gatehouse-diagnosis-bundle/1": _bundle,
    "gatehouse-period-evidence/1": _period,
}


def main(arguments: Optional[List[str]] = None) -> int:  # noqa: UP006, UP045
    parser = argparse.ArgumentParser(description="Check what Gatehouse signed.")
    parser.add_argument("certificate", type=Path)
    parser.add_argument("--keys", type=Path, required=True, help="the keys you saved before")
    given = parser.parse_args(arguments)
    try:
        document = read_document(given.certificate)
        check(document, read_keys(given.keys))
        check_files(document, given.certificate.parent)
    except Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Refused as finding:
        sys.stderr.write(f"NOT VALID. {finding}\n")
        return 1
    sys.stdout.write(f"{summary(document)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
