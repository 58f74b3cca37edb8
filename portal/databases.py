"""How Gatehouse connects: SQLite in one file when embedded, PostgreSQL through a pool otherwise."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
import psycopg
from django.core.exceptions import ImproperlyConfigured

# secure_delete: what the product calls deleted must not stay in free pages of the file.
# synchronous=FULL: a request that was acknowledged survives a power cut.
_SQLITE_START = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"


def sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": _SQLITE_START,
        },
    }


def postgresql(url: str, *, pool_size: int) -> dict[str, Any]:
    """Settings for PostgreSQL; a pool size of 0 means one plain connection per thread."""
    settings: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if "postgresql" not in settings["ENGINE"]:
        message = "The database must be postgresql://user:password@host:5432/name."
        raise ImproperlyConfigured(message)
    options: dict[str, Any] = {"prepare_threshold": None, **settings.get("OPTIONS", {})}
    if pool_size:
        options["pool"] = {
            "min_size": 1,
            "max_size": pool_size,
            "timeout": 10,
            "reset": clear_scope,
        }
    return {
        **settings,
        "ENGINE": "tenants.postgresql",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def user_of(url: str) -> str:
    return unquote(urlsplit(url).username or "")


def clear_scope(connection: psycopg.Connection[Any]) -> None:
    """Called by the pool when a connection comes back: no tenant may outlive its request."""
    connection.execute(
        "select set_config('gatehouse.organization', '', false),"
        " set_config('gatehouse.system', '', false)"
    )
    if not connection.autocommit:
        connection.commit()


def owner_parameters(url: str, settings: dict[str, Any]) -> dict[str, Any]:
    """How the owner logs in to the database in use, for what only an owner may do."""
    owner = urlsplit(url)
    return {
        "host": settings["HOST"] or None,
        "port": settings["PORT"] or None,
        "dbname": settings["NAME"],
        "user": unquote(owner.username or ""),
        "password": unquote(owner.password or ""),
    }
