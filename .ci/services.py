"""Finds PostgreSQL and Redis on their standard ports and prepares them for the test suite.

Prints shell assignments for the suite's environment; exits with 1 when one does not answer.
"""

import os
import subprocess
import sys
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

OWNER, APPLICATION = "gatehouse_owner", "gatehouse"
# The same in each run, so that two runs at once do not lock each other out; for tests only.
PASSWORD = "gatehouse-tests"  # noqa: S105
REDIS_URL = "redis://127.0.0.1:6379/9"


def administrators() -> list[str]:
    """Ways to log in as somebody who may create roles, the likeliest first."""
    host = os.environ.get("PGHOST", "127.0.0.1")
    port = os.environ.get("PGPORT", "5432")
    given = [os.environ["PGUSER"]] if "PGUSER" in os.environ else []
    here = os.environ.get("USER") or "root"
    users = [*given, "postgres", here]
    passwords = [os.environ.get("PGPASSWORD", ""), "postgres", ""]
    network = [
        f"host={host} port={port} user={user} password='{password}' dbname=postgres"
        for user in users
        for password in passwords
    ]
    return [*network, *(f"user={user} dbname=postgres port={port}" for user in users)]


def connect() -> psycopg.Connection[tuple[object, ...]] | None:
    for parameters in administrators():
        try:
            return psycopg.connect(parameters, autocommit=True, connect_timeout=3)
        except psycopg.OperationalError:
            continue
    return None


def statements(password: str) -> list[str]:
    """Two logins: the owner of the tables, and the application, which owns nothing."""
    made = []
    for role, rights in ((OWNER, "login createdb"), (APPLICATION, "login")):
        name, secret = sql.Identifier(role), sql.Literal(password)
        made.append(
            sql.SQL(
                "do $$ begin create role {name}; exception when duplicate_object then null; end $$"
            )
            .format(name=name)
            .as_string()
        )
        made.append(
            sql.SQL("alter role {name} {rights} password {secret}")
            .format(name=name, rights=sql.SQL(rights), secret=secret)
            .as_string()
        )
    made.append(f"grant {APPLICATION} to {OWNER}")
    return made


def prepare_with_superuser_shell(password: str) -> bool:
    """Root on a fresh Debian machine has no password, but may become `postgres`."""
    if os.geteuid() != 0:
        return False
    text = ";\n".join(statements(password))
    done = subprocess.run(
        ["su", "postgres", "-c", "psql -qX -v ON_ERROR_STOP=1"],  # noqa: S607
        input=text,
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def prepare_postgresql(password: str) -> bool:
    connection = connect()
    if connection is None:
        return prepare_with_superuser_shell(password)
    with connection:
        for statement in statements(password):
            connection.execute(statement.encode())
    return True


def redis_answers() -> bool:
    try:
        return bool(redis.Redis.from_url(REDIS_URL, socket_connect_timeout=3).ping())
    except redis.RedisError:
        return False


def main() -> int:
    if not redis_answers():
        print("Redis does not answer on 127.0.0.1:6379.", file=sys.stderr)
        return 1
    if not prepare_postgresql(PASSWORD):
        print("PostgreSQL does not answer on port 5432, or lets nobody in.", file=sys.stderr)
        return 1
    place = f"127.0.0.1:{os.environ.get('PGPORT', '5432')}/gatehouse"
    for name, role in (("DATABASE_URL", APPLICATION), ("DATABASE_OWNER_URL", OWNER)):
        print(f"export {name}=postgresql://{role}:{quote(PASSWORD)}@{place}")
    print(f"export CELERY_BROKER_URL={REDIS_URL}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
