"""Lists the service accounts of an organization: who answers for each, and its live tokens."""

from typing import Any

from portal.people.machines import ACCOUNT_ORDER, accounts_for, accounts_in
from tenants.commanding import EXIT_CODES, Call, WorkspaceCommand
from tenants.permissions import Permission


class Command(WorkspaceCommand):
    help = (
        "List service accounts: state, role, who answers for it, and how many tokens work."
        f" {EXIT_CODES}"
    )
    needs = Permission.TOKEN_MANAGE

    def work(self, call: Call) -> None:
        rows = accounts_in(accounts_for(call.actor, at=call.at), {}, at=call.at)
        count = 0
        for row in rows.order_by(*ACCOUNT_ORDER):
            count += 1
            facts = {
                "id": str(row.pk),
                "name": row.name,
                "state": "active" if row.is_active(at=call.at) else "stopped",
                "role": row.role_label,
                "owner": row.owner.email,
                "tokens": row.live,  # type: ignore[attr-defined]  # counted by the list
            }
            call.answer(facts, _line(facts))
        if not call.as_json:
            call.say(f"{count} found.")


def _line(facts: dict[str, Any]) -> str:
    return (
        f"{facts['name']} ({facts['role']}, {facts['state']}), answered for by {facts['owner']},"
        f" tokens that work: {facts['tokens']}"
    )
