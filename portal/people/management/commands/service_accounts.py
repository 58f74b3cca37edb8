"""Lists the service accounts of an organization: who answers for each, and its live tokens."""

import json
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from portal.people.machines import ACCOUNT_ORDER, accounts_for, accounts_in
from tenants.access import system_actor
from tenants.clock import now
from tenants.resolving import organization_of_slug
from tenants.scoping import organization_scope

UNKNOWN: Final = 2


class Command(BaseCommand):
    help = (
        "List service accounts: state, role, who answers for it, and how many tokens work."
        " Exit codes: 0 listed, 2 unknown organization."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, help="its address, such as acme")
        parser.add_argument("--json", action="store_true", help="one JSON object on each line")

    def handle(self, *_args: Any, **options: Any) -> None:
        slug, at = options["organization"], now()
        organization = organization_of_slug(slug)
        if organization is None:
            raise CommandError(f"There is no organization {slug!r}.", returncode=UNKNOWN)
        with organization_scope(organization.pk):
            seen = accounts_for(system_actor(organization), at=at)
            rows = list(accounts_in(seen, {}, at=at).order_by(*ACCOUNT_ORDER))
        for row in rows:
            facts = {
                "id": str(row.pk),
                "name": row.name,
                "state": "active" if row.is_active(at=at) else "stopped",
                "role": row.role_label,
                "owner": row.owner.email,
                "tokens": row.live,  # type: ignore[attr-defined]  # counted by the list
            }
            line = json.dumps(facts, ensure_ascii=False) if options["json"] else _line(facts)
            self.stdout.write(line)


def _line(facts: dict[str, Any]) -> str:
    return (
        f"{facts['name']} ({facts['role']}, {facts['state']}), answered for by {facts['owner']},"
        f" tokens that work: {facts['tokens']}"
    )
