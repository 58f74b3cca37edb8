"""Everything that can be done to the catalogue."""

from portal.catalog.actions.access import set_resource_access, set_team_access
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

__all__ = [
    "change_integration",
    "create_integration",
    "discard_upload",
    "fail_import",
    "finish_import",
    "pause_integration",
    "resume_integration",
    "set_resource_access",
    "set_team_access",
    "start_import",
]
