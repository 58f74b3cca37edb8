"""Install the database's guards; run after every `migrate`."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from psycopg import sql

from tenants import guards


class Command(BaseCommand):
    help = "Install row-level security, grants and append-only rules. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--role", default="", help="PostgreSQL: the application's login (from DATABASE_URL)."
        )
        parser.add_argument(
            "--create-role",
            action="store_true",
            help="PostgreSQL: make that login, without a password, if it does not exist.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        role = options["role"] or settings.DATABASE_ROLE
        if connection.vendor == "postgresql":
            self._check_role(role, create=options["create_role"])
        with transaction.atomic():
            installed = guards.install(role=role)
        if options["verbosity"]:
            self.stdout.write(f"{len(installed)} tables are guarded.")

    def _check_role(self, role: str, *, create: bool) -> None:
        if not role:
            raise CommandError("Name the application's login with --role or in DATABASE_URL.")
        with connection.cursor() as cursor:
            cursor.execute("select current_user")
            if cursor.fetchone()[0] == role:
                raise CommandError(
                    "protect runs as the owner of the tables: set DATABASE_AS_OWNER=true and"
                    " DATABASE_OWNER_URL. The application's login must own nothing."
                )
            cursor.execute(
                "select rolsuper or rolbypassrls from pg_roles where rolname = %s", [role]
            )
            found = cursor.fetchone()
            if found is None and create:
                self._create(role)
            elif found is None:
                raise CommandError(f"There is no login {role}. Make it, or add --create-role.")
            elif found[0]:
                raise CommandError(f"{role} bypasses row-level security. Use a plain login.")

    def _create(self, role: str) -> None:
        statement = sql.SQL("create role {} login").format(sql.Identifier(role))
        with connection.cursor() as cursor:
            try:
                cursor.execute(statement.as_string(connection.connection))
            except psycopg.errors.DuplicateObject:
                self.stdout.write(f"{role} was made by another run.")
