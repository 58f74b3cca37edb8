"""Everything that can be done to the catalogue."""

from portal.catalog.actions.access import set_resource_access, set_team_access
from portal.catalog.actions.connecting import (
    change_connection,
    disconnect_integration,
    schedule_integration,
)
from portal.catalog.actions.imports import (
    discard_upload,
    fail_import,
    finish_import,
    start_import,
)
from portal.catalog.actions.integrations import (
    change_integration,
    create_integration,
    pause_integration,
    resume_integration,
)
from portal.catalog.actions.runs import run_integration, start_due, start_push

__all__ = [
    "change_connection",
    "change_integration",
    "create_integration",
    "discard_upload",
    "disconnect_integration",
    "fail_import",
    "finish_import",
    "pause_integration",
    "resume_integration",
    "run_integration",
    "schedule_integration",
    "set_resource_access",
    "set_team_access",
    "start_due",
    "start_import",
    "start_push",
]
