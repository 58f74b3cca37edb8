"""The database of the tests: guarded like the real one, and used as the application's role."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

import portal.urls  # noqa: F401  (its lists are fixed before any test turns the demo on)
from portal.queue.publishing import breaker
from tenants import guards

# Fixtures for all: of one browser and one foreign IdP there is only one in a process.
pytest_plugins = [
    "tests.cast",
    "tests.chromium",
    "tests.foreign.identity_provider",
    "tests.foreign.object_store",
]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores where a worker waits for a server, a browser or a child."""
    is_short = str(config.option.markexpr).startswith("not ")
    waits = bool(os.environ.get("DATABASE_URL")) or not is_short
    return (os.cpu_count() or 1) + waits


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """Make the database as its owner, guard it, then step down for every test."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
        # Where the tables came from the models, the migrations are noted as done.
        call_command("migrate", fake=True, verbosity=0)
        call_command("protect", role=settings.DATABASE_ROLE, create_role=True, verbosity=0)
        connection.close()
    if connection.vendor == "postgresql":
        connection_created.connect(_step_down, dispatch_uid="tests")
    TransactionTestCase._fixture_teardown = _flush_as_owner  # type: ignore[method-assign]
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            _end_other_connections()
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


def _end_other_connections() -> None:
    """A thread of a live server may still hold one, and the database could not be dropped."""
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("reset role")
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and usename = current_user"
            " and pid <> pg_backend_pid()"
        )
    connection.close()


_flush = TransactionTestCase._fixture_teardown


def _flush_as_owner(case: TransactionTestCase) -> None:
    """Emptying the tables needs their owner; what only grows is held by triggers on SQLite."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("reset role")
    with guards.lifted():
        _flush(case)
    if connection.vendor == "postgresql":
        _step_down(connection)


def _step_down(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """The tables' owner is above the policies, so tests would prove nothing as the owner."""
    if connection.alias == "default":
        with connection.cursor() as cursor:
            role = connection.ops.quote_name(settings.DATABASE_ROLE)
            cursor.execute(f"set role {role}")


@pytest.fixture(autouse=True)
def _fresh_breaker() -> Iterator[None]:
    breaker.reset()
    yield
    breaker.reset()
