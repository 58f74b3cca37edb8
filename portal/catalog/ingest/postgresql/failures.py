"""What a PostgreSQL server or the way to it said, in words with a way on, and without secrets."""

import psycopg
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.catalog.refusals import SourceRefused

_HINTS: dict[str, str | Promise] = {
    "wrong-password": _(
        "The server refused the password. Type it again in the settings, "
        "or check it with the database's admin."
    ),
    "not-admitted": _(
        "The server does not let this login in from here. "
        "Ask the database's admin for a line in pg_hba.conf."
    ),
    "database-missing": _("There is no database of this name on the server. Check its spelling."),
    "unknown-name": _("The server knows no such database or login. Check both names."),
    "no-permission": _(
        "The login lacks a right to read the catalogue. "
        "Grant it CONNECT on the database and USAGE on the schemas."
    ),
    "timeout": _(
        "The server took longer than 20 seconds for one answer. "
        "Narrow the schemas, or try when it is less busy."
    ),
    "server-restarting": _("The server is starting or shutting down. Run it again later."),
    "too-many-connections": _("The server takes no more connections now. Run it again later."),
    "not-supported": _("The server does not know what was asked. It needs PostgreSQL 12 or later."),
    "password-missing": _(
        "The server asks for a password, and none is kept. Type it in the settings."
    ),
    "pooler": _(
        "A connection pooler in between refuses our read-only options. "
        "Connect to the server itself, or let the pooler pass “options”."
    ),
    "not-postgresql": _("What answers there is not PostgreSQL. Check host and port."),
    "no-tls": _("The server offers no encryption. Switch TLS on there."),
    "tls-failed": _(
        "The encrypted connection failed: the certificate is not valid for this name, "
        "or not from a known authority."
    ),
    "weak-sign-in": _(
        "The server asks for a way of signing in that is not safe here. Use SCRAM passwords."
    ),
    "unreachable": _(
        "The server did not answer within 5 seconds. Check host and port, "
        "and whether its firewall lets us in."
    ),
    "refused": _(
        "Nothing listens at this host and port. Check the port, and whether the server is up."
    ),
    "connection-lost": _(
        "The connection broke off or stood still for too long. Run it again, "
        "and ask the database's admin when it happens again."
    ),
}
CODES = frozenset(_HINTS)
# What the server itself answered: the beginning of its code, the more exact ones first.
_BY_STATE: dict[str, str] = {
    "28P01": "wrong-password",
    "28": "not-admitted",
    "3D000": "database-missing",
    "42501": "no-permission",
    "57014": "timeout",
    "57P": "server-restarting",
    "53300": "too-many-connections",
    "0A": "not-supported",
    "42": "not-supported",
}
# Words of the driver when no connection came about, the more exact ones first.
_BY_WORDS: tuple[tuple[str, str], ...] = (
    ("password authentication failed", "wrong-password"),
    ("no password supplied", "password-missing"),
    ("no pg_hba.conf entry", "not-admitted"),
    ("not permitted to log in", "not-admitted"),
    ("permission denied for", "no-permission"),
    ("does not exist", "unknown-name"),
    ("unsupported startup parameter", "pooler"),
    ("does not support ssl", "no-tls"),
    ("authentication method", "weak-sign-in"),
    ("invalid response", "not-postgresql"),
    ("expected authentication request", "not-postgresql"),
    ("certificate", "tls-failed"),
    ("ssl", "tls-failed"),
    ("timeout", "unreachable"),
    ("timed out", "unreachable"),
    ("unreachable", "unreachable"),
    ("no route", "unreachable"),
    ("not permitted", "unreachable"),
    ("refused", "refused"),
    ("too many", "too-many-connections"),
    ("remaining connection slots", "too-many-connections"),
    ("starting up", "server-restarting"),
    ("shutting down", "server-restarting"),
)


def refusal_of(error: psycopg.Error) -> SourceRefused:
    """Only our own words: what the server says may hold names, addresses or worse."""
    code = _code(error)
    return SourceRefused(code, str(_HINTS[code]))


def _code(error: psycopg.Error) -> str:
    state = error.sqlstate or ""
    found = (code for start, code in _BY_STATE.items() if state.startswith(start))
    words = str(error).lower()
    told = (code for mark, code in _BY_WORDS if mark in words)
    return next(found, None) or (next(told, None) if not state else None) or "connection-lost"
