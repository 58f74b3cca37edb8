"""Reads a data source now, in this process."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.refusals import Refusal
from portal.catalog.actions import run_integration
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import ImportRun, Integration
from portal.catalog.rules import RunStatus
from tenants.access import system_actor
from tenants.clock import now
from tenants.models import Organization
from tenants.resolving import organization_of_slug
from tenants.scoping import organization_scope

SAID = ("resources", "fields", "added", "changed", "removed", "unchanged")


class Command(BaseCommand):
    help = "Read an integration now. Ends with 1 when it could not be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, help="its address, such as acme")
        parser.add_argument("name", help="the integration's name")

    def handle(self, *_args: Any, **options: Any) -> None:
        organization = organization_of_slug(options["organization"])
        if organization is None:
            raise CommandError(f"There is no organization {options['organization']!r}.")
        with organization_scope(organization.pk):
            run = _run(organization, options["name"])
        if run.status != RunStatus.FINISHED:
            raise CommandError(run.error_message)
        # In one order on both engines: PostgreSQL keeps the keys of a document in its own.
        counts = ", ".join(f"{run.counts[name]} {name}" for name in SAID if name in run.counts)
        self.stdout.write(f"{options['name']}: {counts}.")


def _run(organization: Organization, name: str) -> ImportRun:
    integration = Integration.objects.filter(name=name).first()
    if integration is None:
        raise CommandError(f"There is no integration {name!r}.")
    try:
        run = run_integration(integration, actor=system_actor(organization), at=now())
    except Refusal as refusal:
        raise CommandError(refusal.message) from refusal
    carry_out(run.pk)
    run.refresh_from_db()
    return run
