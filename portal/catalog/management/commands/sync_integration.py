"""Reads a data source now, in this process."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from portal.catalog.actions import run_integration
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import Integration
from portal.catalog.rules import RunStatus
from tenants.commanding import EXIT_CODES, REFUSED, Call, WorkspaceCommand, echoed, unusable

SAID = ("resources", "fields", "added", "changed", "removed", "unchanged")


class Command(WorkspaceCommand):
    help = f"Read an integration now. {EXIT_CODES} It ends with 1 too when it could not be read."
    needs = run_integration.permission

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="the integration's name")

    def work(self, call: Call) -> None:
        name = call.given["name"]
        integration = Integration.objects.visible_to(call.actor).filter(name=name).first()
        if integration is None:
            unusable(f"There is no integration {echoed(name)}.")
        run = run_integration(integration, actor=call.actor, at=call.at)
        carry_out(run.pk)
        run.refresh_from_db()
        if run.status != RunStatus.FINISHED:
            raise CommandError(run.error_message, returncode=REFUSED)
        # In one order on both engines: PostgreSQL keeps the keys of a document in its own.
        counted = {key: run.counts[key] for key in SAID if key in run.counts}
        counts = ", ".join(f"{count} {key}" for key, count in counted.items())
        call.answer({"name": name, **counted}, f"{name}: {counts}.")
