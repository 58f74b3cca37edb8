"""How the data sources of an organization are."""

from typing import Any

from portal.catalog.models import Integration
from tenants.commanding import EXIT_CODES, Call, WorkspaceCommand
from tenants.permissions import Permission


class Command(WorkspaceCommand):
    help = (
        "List an organization's integrations: state, last and next run. Holds no secrets."
        f" {EXIT_CODES}"
    )
    needs = Permission.INTEGRATION_VIEW

    def work(self, call: Call) -> None:
        for row in Integration.objects.visible_to(call.actor).order_by("name", "pk"):
            call.answer(_facts(row), _as_line(row))


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


def _as_line(row: Integration) -> str:
    last = f"{row.last_sync_at:%Y-%m-%d %H:%M} UTC" if row.last_sync_at else "never"
    due = f"{row.due_at:%Y-%m-%d %H:%M} UTC" if row.due_at else "by hand"
    said = f"{row.name} ({row.kind}): {row.state_label}; read {last}, next {due}"
    return f"{said}. {row.last_error_hint}" if row.last_error_hint else f"{said}."
