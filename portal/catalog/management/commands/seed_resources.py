"""Fills a demo organization with made-up resources, to show a deletion at full size."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.catalog.actions import create_integration
from portal.catalog.models import Integration
from portal.catalog.synthetic import make_resources
from tenants.access import system_actor
from tenants.clock import now
from tenants.resolving import organization_of_slug
from tenants.scoping import organization_scope

NAME = "Synthetic warehouse"
MOST = 1_000_000


class Command(BaseCommand):
    help = "Add made-up resources to a demo organization (refuses anywhere else)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, help="its address, such as acme")
        parser.add_argument("--count", type=int, default=100_000)
        parser.add_argument("--integration", default=NAME, help="made when it does not exist")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Made-up data belongs into the demo: set DEMO=true to allow it.")
        count, organization = options["count"], organization_of_slug(options["organization"])
        if not 0 < count <= MOST:
            raise CommandError(f"--count takes 1 to {MOST}.")
        if organization is None or organization.is_vendor:
            raise CommandError(f"There is no customer organization {options['organization']!r}.")
        with organization_scope(organization.pk):
            actor = system_actor(organization)
            name = options["integration"]
            integration = Integration.objects.filter(name=name).first() or create_integration(
                actor=actor, at=now(), name=name
            )
            for done in make_resources(integration, count, at=now()):
                self._progress(done, count)
        self.stdout.write(f"{count} resources in {name} of {organization.name}.")

    def _progress(self, done: int, count: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r{done * 100 // count:3d} %", ending="")
            self.stdout.flush()
