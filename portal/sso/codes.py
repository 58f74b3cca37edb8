"""Break-glass codes: made to be typed from paper, stored as what recognises them."""

import base64
import hashlib
import secrets

# 160 bits: no slow hash is needed, and nobody guesses.
_BYTES = 20
_GROUP = 4
# Letters and digits that Base32 does not have, read as those they are mistaken for.
_MISREAD = str.maketrans({"0": "O", "1": "I", "8": "B"})


def new_code() -> str:
    """`ABCD-EFGH-…`, eight groups of four."""
    text = base64.b32encode(secrets.token_bytes(_BYTES)).decode()
    return "-".join(text[i : i + _GROUP] for i in range(0, len(text), _GROUP))


def digest_of(code: str) -> str:
    """The same for however the code was typed: case, spaces and hyphens do not matter."""
    typed = "".join(c for c in code.upper() if c.isascii() and c.isalnum()).translate(_MISREAD)
    return hashlib.sha256(f"break-glass\0{typed}".encode()).hexdigest()
