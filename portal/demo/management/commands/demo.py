"""Make the demo organizations, show how to sign in, or print a second-factor code."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.demo.building import build, require_demo
from portal.demo.codes import code_of
from portal.demo.world import FIRMS, PASSWORD, person_of
from tenants.clock import now


class Command(BaseCommand):
    help = "Make the demo organizations (safe to repeat)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--code", metavar="EMAIL", help="print this account's code, no more")
        parser.add_argument("--hints", action="store_true", help="print how to sign in, no more")

    def handle(self, *_args: Any, **options: Any) -> None:
        require_demo()
        if options["code"]:
            self._code(options["code"])
        elif options["hints"]:
            self._hints()
        else:
            build(now())
            if options["verbosity"]:
                self.stdout.write("The demo organizations are there.")

    def _code(self, email: str) -> None:
        person = person_of(email)
        if person is None:
            message = f"There is no demo account {email}. See `manage.py demo --hints`."
            raise CommandError(message)
        self.stdout.write(code_of(person))

    def _hints(self) -> None:
        self.stdout.write(f"Every demo account has the password {PASSWORD} and a code, shown on")
        self.stdout.write(
            f"{settings.BASE_URL}/dev/accounts/ (all mail: {settings.BASE_URL}/dev/mail/)"
        )
        for firm in FIRMS:
            names = ", ".join(f"{one.email} {one.role.label.lower()}" for one in firm.people[:4])
            self.stdout.write(f"  {firm.name}: {names}")
        self.stdout.write("  By single sign-on: erin@acme.test, omar@acme.test, gus@globex.test")
