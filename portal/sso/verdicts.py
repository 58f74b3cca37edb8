"""A sign-in judged rule by rule: what was expected, what came, and how to mend it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MAX_SAID = 300
MAX_VALUES = 200
# Values that name no person and that an admin needs in order to map them.
_PLAIN_CLAIMS = ("group", "role", "department", "team", "memberof", "tid", "hd", "amr", "acr")


@dataclass(frozen=True, slots=True)
class Check:
    """One rule and how it went; `expected` and `received` hold no secret."""

    rule: str
    passed: bool
    expected: str = ""
    received: str = ""
    fix: str = ""

    def as_row(self) -> dict[str, str | bool]:
        """Plain values for the flight recorder."""
        row = asdict(self)
        return {
            key: str(value)[:MAX_SAID] if isinstance(value, str | Promise) else value
            for key, value in row.items()
        }


def passed(checks: Iterable[Check]) -> bool:
    return all(check.passed for check in checks)


def redacted(claims: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """Claims as they may be kept: names whole, values of people masked."""
    return {
        name[:MAX_SAID]: [_masked(name, value) for value in values[:MAX_VALUES]]
        for name, values in claims.items()
    }


def _masked(name: str, value: str) -> str:
    if any(word in name.lower() for word in _PLAIN_CLAIMS):
        return value[:MAX_SAID]
    local, at, domain = value.rpartition("@")
    if at:
        return f"{local[:1]}…@{domain}"[:MAX_SAID]
    return f"{value[:1]}… ({len(value)})" if value else ""


NO_FIX = _("Compare the two values, then change one side.")
