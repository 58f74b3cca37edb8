"""Holds new writes back while a deletion works on the same scope."""

from uuid import UUID

from django.utils.translation import gettext as _

from audit.refusals import Refusal
from portal.tickets.models import Ticket


class WritesFrozen(Refusal):
    """A deletion is erasing this; nothing new may be written until it is done."""

    code = "writes-frozen"


def refuse_if_frozen(integration_id: UUID | None = None) -> None:
    """Raises WritesFrozen while a deletion of this integration, or of everything, is at work.

    Called by whatever writes into the catalogue, in the transaction that writes.
    """
    ticket = Ticket.objects.freezing(integration_id).first()
    if ticket is not None:
        raise WritesFrozen(
            _("%(number)s is deleting this data. Import again when it is done.")
            % {"number": ticket.number}
        )
