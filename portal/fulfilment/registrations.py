"""Which steps a revocation and a deletion consist of, and who carries each of them out."""

from importlib import import_module

from django.utils.translation import gettext_lazy as _

from portal.fulfilment import finishing, owing
from portal.fulfilment.actions.settling import register_finisher
from portal.fulfilment.deletion import (
    access,
    accounts,
    files,
    inventory,
    keys,
    ledgering,
    rows,
    storage,
    verifying,
)
from portal.fulfilment.revocation import belongings, credentials, cutting, people, proving
from portal.fulfilment.work import Carrier, register_carrier
from portal.queue.readiness import register_check
from portal.tickets.plans import StepPlan, register_plan
from portal.tickets.rules import LONGEST_LEASE, Kind, Scope, Status
from tenants.holding import register_hold

S = Status
LONG = LONGEST_LEASE

_PERSON = frozenset({Scope.MEMBER})
_MACHINE = frozenset({Scope.SERVICE_ACCOUNT})
_TEAM = frozenset({Scope.TEAM})
REVOCATION: tuple[tuple[StepPlan, Carrier], ...] = (
    (
        StepPlan("people", _("Finish the request of each person"), S.RUNNING, scopes=_TEAM),
        Carrier(people.finish_people),
    ),
    (
        StepPlan("everybody", _("Check each person's proof"), S.VERIFYING, scopes=_TEAM),
        Carrier(people.check_people),
    ),
    (
        StepPlan("credentials", _("List every way in"), S.RUNNING),
        Carrier(credentials.list_credentials),
    ),
    (
        StepPlan("sessions", _("End sessions"), S.RUNNING, scopes=_PERSON),
        Carrier(cutting.end_sessions),
    ),
    (StepPlan("tokens", _("Revoke API tokens"), S.RUNNING), Carrier(cutting.revoke_tokens)),
    (
        StepPlan("sso", _("Unlink single sign-on"), S.RUNNING, scopes=_PERSON),
        Carrier(cutting.unlink_sso),
    ),
    (
        StepPlan("invitations", _("Cancel invitations"), S.RUNNING, scopes=_PERSON),
        Carrier(cutting.cancel_invitations),
    ),
    (
        StepPlan("belongings", _("Hand over what they own"), S.RUNNING, scopes=_PERSON),
        Carrier(belongings.dispose),
    ),
    (
        StepPlan("places", _("Remove from teams and roles"), S.RUNNING, scopes=_PERSON),
        Carrier(cutting.remove_places),
    ),
    (
        StepPlan("machine", _("Turn the account off for good"), S.RUNNING, scopes=_MACHINE),
        Carrier(cutting.end_machine),
    ),
    (
        StepPlan("proof", _("Try every way in again"), S.VERIFYING),
        Carrier(proving.prove_no_access, in_transaction=False),
    ),
)
# Scopes that end somebody's access, and with it their account.
_PEOPLE = frozenset({Scope.PERSON, Scope.CLOSE})
DELETION: tuple[tuple[StepPlan, Carrier], ...] = (
    (
        StepPlan("access", _("End access for good"), S.INVENTORY, scopes=_PEOPLE),
        Carrier(access.end_access),
    ),
    (
        StepPlan("inventory", _("Count what is there"), S.INVENTORY, bulk=True),
        Carrier(inventory.count_store),
    ),
    (
        StepPlan("ledger", _("Note the erasure outside the database"), S.ERASING),
        Carrier(ledgering.note_erasure, in_transaction=False),
    ),
    (StepPlan("keys", _("Destroy the encryption keys"), S.ERASING), Carrier(keys.shred_keys)),
    (
        StepPlan("files", _("Erase uploaded files"), S.ERASING, bulk=True),
        Carrier(files.erase_files),
    ),
    (
        StepPlan("accounts", _("Erase accounts"), S.ERASING, bulk=True, scopes=_PEOPLE),
        Carrier(accounts.erase_accounts),
    ),
    (
        StepPlan("rows", _("Erase the records"), S.ERASING, bulk=True),
        Carrier(rows.erase_rows),
    ),
    (
        StepPlan("storage", _("Clean the database's files"), S.ERASING, bulk=True),
        Carrier(storage.clean_storage, in_transaction=False, lease=LONG),
    ),
    (
        StepPlan("verification", _("Read back what is left"), S.VERIFYING, bulk=True),
        Carrier(verifying.verify_store, lease=LONG),
    ),
)


def _register(kind: Kind, steps: tuple[tuple[StepPlan, Carrier], ...]) -> None:
    register_plan(kind, tuple(plan for plan, _carrier in steps))
    for plan, carrier in steps:
        register_carrier(kind, plan.name, carrier)


_register(Kind.REVOCATION, REVOCATION)
_register(Kind.DELETION, DELETION)
register_finisher(Kind.REVOCATION, finishing.complete_revocation)
register_finisher(Kind.DELETION, finishing.complete_deletion)
register_hold(owing.held_organizations)
register_check("erasures", owing.problem)

import_module("portal.fulfilment.tasks")
