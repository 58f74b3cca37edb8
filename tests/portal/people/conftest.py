"""A command run as somebody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tenants.models import Membership
from tests.cast import make_token_text


@pytest.fixture
def as_holder(tmp_path: Path) -> Callable[[Membership], str]:
    """The option by which a command acts with a token of this member's that may all they may."""

    def build(member: Membership) -> str:
        file = tmp_path / f"{member.pk}.token"
        file.write_text(f"{make_token_text(member)}\n", encoding="ascii")
        return f"--token-file={file}"

    return build
