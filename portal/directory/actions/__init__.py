"""The verbs of the directory."""

from portal.directory.actions.groups import (
    change_group,
    create_group,
    delete_group,
    map_group,
)
from portal.directory.actions.holds import carry_out_held, dismiss_hold, release_hold
from portal.directory.actions.settings import change_brake
from portal.directory.actions.tokens import issue_directory_token, revoke_directory_token
from portal.directory.actions.users import (
    change_user,
    delete_user,
    let_back,
    note_kept_owner,
    provision_user,
)

__all__ = [
    "carry_out_held",
    "change_brake",
    "change_group",
    "change_user",
    "create_group",
    "delete_group",
    "delete_user",
    "dismiss_hold",
    "issue_directory_token",
    "let_back",
    "map_group",
    "note_kept_owner",
    "provision_user",
    "release_hold",
    "revoke_directory_token",
]
