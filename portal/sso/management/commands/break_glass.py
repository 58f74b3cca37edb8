"""Break-glass codes on the server: who holds one, and one issued when all else is lost."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import normalized
from audit.refusals import Refusal
from portal.sso.actions.emergency import NotAnOwner, issue_code
from portal.sso.emergency import proven_doors
from portal.sso.models import SealedDoor
from tenants.access import system_actor
from tenants.clock import now
from tenants.models import Membership, Organization, Policy
from tenants.resolving import organization_of_slug
from tenants.scoping import organization_scope

NOT_FOUND, NOT_AN_OWNER = 3, 4


class Command(BaseCommand):
    help = (
        "List the break-glass owners of a workspace, or issue a code for one opening by one of"
        " its owners, who still needs their own password and second factor. Issuing is written"
        " in the workspace's log and in the vendor's, and mailed to its owners and admins."
        " Exit codes: 0 done, 1 refused, 2 wrong arguments, 3 no such workspace or person,"
        " 4 not an owner."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, said in (("list", "who holds a code"), ("issue", "a code for one opening")):
            one = verbs.add_parser(verb, help=said)
            one.add_argument("--organization", required=True, help="the workspace's address")
            one.add_argument("--json", action="store_true")
            if verb == "issue":
                one.add_argument("--email", required=True, help="the owner's address")
                one.add_argument("--dry-run", action="store_true", help="check, and issue nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        organization = organization_of_slug(options["organization"])
        if organization is None or organization.is_vendor:
            raise CommandError("There is no such workspace.", returncode=NOT_FOUND)
        with organization_scope(organization.pk):
            if options["verb"] == "list":
                self._list(organization, options)
            else:
                self._issue(organization, options)

    def _list(self, organization: Organization, options: dict[str, Any]) -> None:
        at = now()
        policy = Policy.objects.get()
        opening = {door.pk for door in proven_doors(at=at)}
        doors = SealedDoor.objects.standing().select_related("membership").order_by("nominated_at")
        rows = [
            {
                "email": door.membership.email,
                "status": door.status,
                "opens": door.pk in opening,
                "proven_at": door.proven_at.isoformat() if door.proven_at else None,
            }
            for door in doors
        ]
        enforced = policy.enforces_sso(at=at)
        if options["json"]:
            said = {"organization": organization.slug, "sso_enforced": enforced, "owners": rows}
            self.stdout.write(json.dumps(said))
            return
        only = "single sign-on only" if enforced else "passwords accepted"
        self.stdout.write(f"{organization.name} (/o/{organization.slug}/): {only}")
        for row in rows:
            opens = "opens" if row["opens"] else "does not open"
            self.stdout.write(f"{row['email']}: {row['status']}, {opens}")
        if not rows:
            self.stdout.write("No break-glass owners.")

    def _issue(self, organization: Organization, options: dict[str, Any]) -> None:
        member = _owner(options["email"])
        if options["dry_run"]:
            self._say(options, {"email": member.email, "dry_run": True})
            return
        try:
            door, code = issue_code(member, actor=system_actor(organization), at=now())
        except NotAnOwner as refusal:
            raise CommandError(refusal.message, returncode=NOT_AN_OWNER) from refusal
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        until = door.expires_at.isoformat() if door.expires_at else ""
        self._say(options, {"email": member.email, "code": code, "until": until})

    def _say(self, options: dict[str, Any], facts: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(facts))
        elif facts.get("dry_run"):
            self.stdout.write(f"A code would be issued for {facts['email']}. Nothing was done.")
        else:
            self.stdout.write(f"Code for {facts['email']}, once, until {facts['until']}:")
            self.stdout.write(facts["code"])
            self.stdout.write("It is entered at /sign-in/break-glass/. It is not shown again.")


def _owner(email: str) -> Membership:
    """Raises CommandError: for nobody of that address, and for somebody who is no owner."""
    member = Membership.objects.filter(email=normalized(email), status="active").first()
    if member is None:
        raise CommandError("There is no such member.", returncode=NOT_FOUND)
    if not Membership.objects.owners(at=now()).filter(pk=member.pk).exists():
        raise CommandError(f"{member.email} is not an owner.", returncode=NOT_AN_OWNER)
    return member
