"""Where a source is and as whom it is read: what may be said there, for each kind."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from ipaddress import ip_address
from typing import Any, Self

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.refusals import Invalid
from portal.catalog.rules import IntegrationKind

LONGEST_IDENTIFIER = 63
LONGEST_HOST = 253
LONGEST_PASSWORD = 1000
MOST_SCHEMAS = 200
HIGHEST_PORT = 65_535
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class TlsMode(TextChoices):
    VERIFY_FULL = "verify-full", gettext_lazy("Encrypted, certificate checked")
    REQUIRE = "require", gettext_lazy("Encrypted, certificate not checked")
    DISABLE = "disable", gettext_lazy("Not encrypted (only inside a private network)")


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    host: str
    database: str
    user: str
    port: int = 5432
    sslmode: str = TlsMode.VERIFY_FULL
    schemas: list[str] = field(default_factory=list)
    without_schemas: list[str] = field(default_factory=list)

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Self:
        """Raises Invalid, which names each field."""
        place = cls(**given)
        wrong = {**place._wrong_names(), **place._wrong_facts()}
        if wrong:
            raise Invalid(_("The connection does not hold."), wrong)
        return place

    @property
    def receiver(self) -> tuple[str, int, str, str, str]:
        """Whom the password is given to. It was typed for this one and is sent to no other."""
        return (self.host.lower(), self.port, self.database, self.user, self.sslmode)

    def _wrong_names(self) -> dict[str, str]:
        said = _("Use 1 to 63 characters without control characters.")
        names = {"database": [self.database], "user": [self.user]}
        names |= {"schemas": self.schemas, "without_schemas": self.without_schemas}
        return {
            part: said
            for part, given in names.items()
            if len(given) > MOST_SCHEMAS or not all(_is_identifier(name) for name in given)
        }

    def _wrong_facts(self) -> dict[str, str]:
        wrong = {}
        if len(self.host) > LONGEST_HOST or not (_HOST.fullmatch(self.host) or _is_ip(self.host)):
            wrong["host"] = _("Give the name or the address of a server, nothing else.")
        if not 1 <= self.port <= HIGHEST_PORT:
            wrong["port"] = _("Use a number from 1 to 65535.")
        if self.sslmode not in TlsMode.values:
            wrong["sslmode"] = _("Choose one listed.")
        return wrong


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    file: str

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Self:
        """Raises Invalid. A plain name: no folder, so that no path leads out of one."""
        place = cls(**given)
        if not _FILE.fullmatch(place.file):
            said = _("Give the plain name of a file: letters, digits, dots, dashes.")
            raise Invalid(_("The connection does not hold."), {"file": said})
        return place

    @property
    def receiver(self) -> tuple[str]:
        return (self.file,)


Place = PostgresPlace | SqlitePlace
PLACES: Mapping[str, type[PostgresPlace] | type[SqlitePlace]] = {
    IntegrationKind.POSTGRESQL: PostgresPlace,
    IntegrationKind.SQLITE: SqlitePlace,
}


def checked_place(kind: str, given: Mapping[str, Any]) -> Place | None:
    """The place of a source of this kind; None for kinds that connect to nothing."""
    wanted = PLACES.get(kind)
    if wanted is not None:
        _refuse_wrong_parts(wanted, given)
        return wanted.checked(given)
    if given:
        raise Invalid(
            _("An integration of this kind connects to nothing."),
            {"connection": _("Leave it out.")},
        )
    return None


def _refuse_wrong_parts(
    wanted: type[PostgresPlace] | type[SqlitePlace], given: Mapping[str, Any]
) -> None:
    known = {part.name: part for part in fields(wanted)}
    wrong = {name: _("This is not known here.") for name in given if name not in known}
    for name, part in known.items():
        needed = part.default is MISSING and part.default_factory is MISSING
        if needed and not given.get(name):
            wrong[name] = _("This is needed.")
    if wrong:
        raise Invalid(_("The connection does not hold."), wrong)


def as_stored(place: Place | None) -> dict[str, Any]:
    return asdict(place) if place is not None else {}


def takes_password(kind: str) -> bool:
    return kind == IntegrationKind.POSTGRESQL


def checked_password(kind: str, password: str) -> None:
    """Raises Invalid."""
    said = ""
    if password and not takes_password(kind):
        said = _("An integration of this kind takes no password.")
    elif len(password) > LONGEST_PASSWORD or "\x00" in password:
        said = _("Use at most 1,000 characters.")
    if said:
        raise Invalid(_("The password does not hold."), {"password": said})


def _is_identifier(name: str) -> bool:
    return 0 < len(name.encode()) <= LONGEST_IDENTIFIER and name.isprintable()


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host
