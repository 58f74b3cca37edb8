"""The way to the certificate of a closed workspace, where nobody can sign in any more."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from audit.refusals import NotFound, Refusal
from portal.fulfilment.models import Certificate
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope, Status
from tenants.links import Purpose, signed_link

VERSION = 1


class CertificateToCome(Refusal):
    """The deletion is not through yet."""

    code = "certificate-to-come"


def kept_link(ticket: Ticket) -> str:
    """The part of the address that stands for an account; made when the closing is filed."""
    return signed_link(
        Purpose.CERTIFICATE,
        organization_id=ticket.organization_id,
        row_id=ticket.pk,
        version=VERSION,
    )


def kept_certificate(ticket_id: UUID, *, at: datetime) -> Certificate:
    """Until the last backup is gone that may hold the workspace. Inside its scope.

    Raises NotFound, CertificateToCome.
    """
    ticket = Ticket.objects.filter(pk=ticket_id, scope=Scope.CLOSE).first()
    if ticket is None or ticket.status == Status.WITHDRAWN:
        raise NotFound(_("This link leads nowhere."))
    rows = Certificate.objects.filter(ticket=ticket).select_related("ticket")
    found: Certificate | None = rows.order_by("-version").first()
    if found is None:
        raise CertificateToCome(
            _("%(number)s is not through yet. Open this link again when it is.")
            % {"number": ticket.number}
        )
    if at > found.signed_at + timedelta(days=settings.BACKUP_DAYS):
        raise NotFound(_("This link has ended: it led here as long as there were backups."))
    return found
