"""What must still hold for a grant to be used, beside its own terms and times."""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.grants.models import Grant
from portal.grants.refusals import WorkspaceCloses
from portal.grants.rules import GrantStatus, Verdict
from portal.grants.staff import employed
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope
from tenants.models import Membership, Organization, ServiceAccount
from tenants.permissions import Permission


def lapsed_because(grant: Grant, at: datetime) -> str:
    """Why an open grant opens nothing at this instant although its times say so; or nothing.

    Whoever approved a later start must still be entitled to when it comes: once it has begun and
    was written down, the approval stands.
    """
    if employed(grant.staff_id, at=at) is None:
        return "staff-left"
    if is_closing(grant.organization):
        return "workspace-closing"
    if grant.status == GrantStatus.SCHEDULED and not _approver_stands(grant, at):
        return "approver-left"
    return ""


def is_closing(organization: Organization) -> bool:
    """Whether the workspace is closed, or somebody has asked to close it."""
    if organization.status != Organization.Status.ACTIVE:
        return True
    return Ticket.objects.filter(scope=Scope.CLOSE, ended_at__isnull=True).exists()


def refuse_if_closing() -> None:
    if is_closing(Organization.objects.current()):
        raise WorkspaceCloses(
            _("This workspace is being closed: no access is asked for or given any more.")
        )


def _approver_stands(grant: Grant, at: datetime) -> bool:
    yes = grant.decisions.filter(verdict=Verdict.APPROVED).values("by_id")
    people = Membership.objects.holders(Permission.GRANT_DECIDE, at=at)
    if people.filter(pk__in=yes).exists():
        return True
    machines = ServiceAccount.objects.filter(pk__in=yes)
    return any(
        machine.is_active(at=at) and Permission.GRANT_DECIDE in machine.role_permissions()
        for machine in machines
    )
