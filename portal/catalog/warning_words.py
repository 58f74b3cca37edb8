"""What a run warned of, in words: rights that a login has and needs not."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def warning_words(warning: dict[str, Any], *, with_names: bool) -> str:
    """One sentence or two. Names of tables are for those who see the whole catalogue."""
    rights = ", ".join(warning.get("rights", ()))
    count = int(warning.get("count", 0))
    said = _WORDS.get(warning.get("code", ""), _unknown)(rights, count)
    names = ", ".join(warning.get("names", ()))
    if not with_names or not names:
        return said
    return _("%(said)s Among them: %(names)s.") % {"said": said, "names": names}


def _login(rights: str, _count: int) -> str:
    return _("The login is more than a reader: %(rights)s.") % {"rights": rights}


def _tables(rights: str, count: int) -> str:
    said = ngettext(
        "The login may change %(n)d table (%(rights)s).",
        "The login may change %(n)d tables (%(rights)s).",
        count,
    )
    return said % {"n": count, "rights": rights}


def _schemas(_rights: str, count: int) -> str:
    said = ngettext(
        "The login may create tables in %(n)d schema.",
        "The login may create tables in %(n)d schemas.",
        count,
    )
    return said % {"n": count}


def _database(_rights: str, _count: int) -> str:
    return _("The login may create schemas in the database.")


def _unknown(_rights: str, _count: int) -> str:
    return _("The login may do more than it needs.")


_WORDS = {
    "login-attributes": _login,
    "write-tables": _tables,
    "create-in-schemas": _schemas,
    "create-schemas": _database,
}
