"""How the data sources of an organization are."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.catalog.models import Integration
from tenants.resolving import organization_of_slug
from tenants.scoping import organization_scope


class Command(BaseCommand):
    help = "List an organization's integrations: state, last and next run. Holds no secrets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, help="its address, such as acme")
        parser.add_argument("--json", action="store_true", help="one JSON object on each line")

    def handle(self, *_args: Any, **options: Any) -> None:
        organization = organization_of_slug(options["organization"])
        if organization is None:
            raise CommandError(f"There is no organization {options['organization']!r}.")
        with organization_scope(organization.pk):
            for row in Integration.objects.order_by("name", "pk"):
                self.stdout.write(_as_json(row) if options["json"] else _as_line(row))


def _facts(row: Integration) -> dict[str, Any]:
    instants = {"last_sync_at": row.last_sync_at, "next_run_at": row.due_at}
    return {
        "id": str(row.pk),
        "name": row.name,
        "kind": row.kind,
        "status": "paused" if row.is_paused else row.status,
        "resources": row.resource_count,
        "fields": row.field_count,
        "error": row.last_error_code,
        "warnings": [warning["code"] for warning in row.warnings],
        **{name: at.isoformat() if at else None for name, at in instants.items()},
    }


def _as_json(row: Integration) -> str:
    return json.dumps(_facts(row), ensure_ascii=False)


def _as_line(row: Integration) -> str:
    last = f"{row.last_sync_at:%Y-%m-%d %H:%M} UTC" if row.last_sync_at else "never"
    due = f"{row.due_at:%Y-%m-%d %H:%M} UTC" if row.due_at else "by hand"
    said = f"{row.name} ({row.kind}): {row.state_label}; read {last}, next {due}"
    return f"{said}. {row.last_error_hint}" if row.last_error_hint else f"{said}."
