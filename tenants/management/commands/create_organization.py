"""Make the vendor's organization or a customer's, with a place for its first person."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from audit.refusals import Invalid
from tenants.access import system_actor
from tenants.actions.invitations import send_invitation
from tenants.actions.organizations import create_organization, install_vendor
from tenants.clock import now
from tenants.links import Purpose, signed_link
from tenants.models import Invitation, Organization
from tenants.permissions import BuiltInRole
from tenants.resolving import vendor_organization
from tenants.scoping import organization_scope


class Command(BaseCommand):
    help = (
        "Make an organization and print the set-up link of its first person. With --vendor, the"
        " vendor's own, once an installation; its first person is an operator."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--slug", required=True, help="the address of the workspace")
        parser.add_argument("--person", required=True, help="name of the first owner or operator")
        parser.add_argument("--email", required=True, help="their e-mail address")
        parser.add_argument("--security-contact", default="", help="default: the same address")
        parser.add_argument("--vendor", action="store_true")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                invitation = self._vendor(options) if options["vendor"] else self._made(options)
        except Invalid as wrong:
            lines = [f"--{field}: {' '.join(said)}" for field, said in wrong.errors.items()]
            raise CommandError("\n".join([wrong.message, *lines])) from wrong
        self._say(invitation, as_json=options["json"])

    def _made(self, options: dict[str, Any]) -> Invitation:
        vendor = vendor_organization()
        if vendor is None:
            raise CommandError("Make the vendor's own organization first, with --vendor.")
        with organization_scope(vendor.pk):
            organization = create_organization(
                actor=system_actor(vendor),
                at=now(),
                name=options["name"],
                slug=options["slug"],
                founder_name=options["person"],
                founder_email=options["email"],
                security_contact=options["security_contact"] or options["email"],
            )
        return self._invitation_of(organization)

    def _vendor(self, options: dict[str, Any]) -> Invitation:
        if vendor_organization() is not None:
            raise CommandError("The vendor's organization exists already.")
        vendor = install_vendor(name=options["name"], slug=options["slug"], at=now())
        with organization_scope(vendor.pk):
            send_invitation(
                actor=system_actor(vendor),
                at=now(),
                email=options["email"],
                name=options["person"],
                role=BuiltInRole.OPERATOR,
            )
        return self._invitation_of(vendor)

    def _invitation_of(self, organization: Organization) -> Invitation:
        with organization_scope(organization.pk):
            invitation: Invitation = Invitation.objects.select_related("organization").get()
        return invitation

    def _say(self, invitation: Invitation, *, as_json: bool) -> None:
        text = signed_link(
            Purpose.INVITATION,
            organization_id=invitation.organization_id,
            row_id=invitation.pk,
            version=invitation.version,
        )
        link = f"{settings.BASE_URL}{reverse('invitation-accept', args=[text])}"
        if as_json:
            self.stdout.write(json.dumps({"slug": invitation.organization.slug, "link": link}))
            return
        self.stdout.write(
            f"{invitation.organization.name} is at /o/{invitation.organization.slug}/"
        )
        self.stdout.write(f"{invitation.email} sets up within 7 days at:\n{link}")
