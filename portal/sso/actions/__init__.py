"""The verbs of single sign-on."""

from portal.sso.actions.connections import (
    ConnectionIncomplete,
    ConnectionNotTested,
    ConnectionStateWrong,
    activate_connection,
    create_connection,
    describe_identity_provider,
    disable_connection,
    pass_test,
)
from portal.sso.actions.domains import DomainNotProven, claim_domain, verify_domain
from portal.sso.actions.identities import close_identities, reopen_identities
from portal.sso.actions.keys import KeyStateWrong, prepare_key, promote_key, retire_key
from portal.sso.actions.openid import describe_openid
from portal.sso.actions.setup import (
    SetupLinkOver,
    SetupLinkTaken,
    create_setup_link,
    draft_by_setup_link,
    finish_setup,
    open_setup_link,
    revoke_setup_link,
)
from portal.sso.actions.upkeep import (
    ConnectionHasPeople,
    add_second_certificate,
    change_options,
    delete_connection,
    remove_certificate,
    rename_connection,
)

__all__ = [
    "ConnectionHasPeople",
    "ConnectionIncomplete",
    "ConnectionNotTested",
    "ConnectionStateWrong",
    "DomainNotProven",
    "KeyStateWrong",
    "SetupLinkOver",
    "SetupLinkTaken",
    "activate_connection",
    "add_second_certificate",
    "change_options",
    "claim_domain",
    "close_identities",
    "create_connection",
    "create_setup_link",
    "delete_connection",
    "describe_identity_provider",
    "describe_openid",
    "disable_connection",
    "draft_by_setup_link",
    "finish_setup",
    "open_setup_link",
    "pass_test",
    "prepare_key",
    "promote_key",
    "remove_certificate",
    "rename_connection",
    "reopen_identities",
    "retire_key",
    "revoke_setup_link",
    "verify_domain",
]
