"""What is no certificate is said to be none, whatever was in the file."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.signing import public_keys


@pytest.mark.parametrize("text", ["", "[]", "\x00", '{"a":' * 3000 + "1" + "}" * 3000])
def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    keys, certificate = tmp_path / "keys.json", tmp_path / "certificate.json"
    keys.write_text(json.dumps(public_keys()))
    certificate.write_text(text)

    with pytest.raises(CommandError, match="is not a certificate") as refused:
        call_command("certificate_verify", str(certificate), keys=keys)

    assert refused.value.returncode == 2
