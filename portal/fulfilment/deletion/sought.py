"""What the read-back of a person looks for, sealed on the request until it has ended."""

import json
from dataclasses import dataclass

from audit.sealing import seal, unseal
from portal.fulfilment.probes.handles import PURPOSE
from portal.tickets.models import Ticket
from portal.tickets.stores import stores_of
from tenants.models import Membership

_CONTEXT = "subject"


@dataclass(frozen=True, slots=True)
class Sought:
    """The person's address, and the ids under which the log sealed their name."""

    address: str
    ids: tuple[str, ...]


def note_sought(ticket: Ticket, member: Membership) -> None:
    """Write down, once, what will not be known any more when everything is gone."""
    if ticket.sealed_subject:
        return
    ids = [
        str(pk)
        for store in stores_of(ticket.scope, member.pk)
        # Rows that the log speaks of have their own key in it: an invitation, a directory user.
        if hasattr(store.model, "audit_target")
        for pk in store.rows(member.pk).values_list("pk", flat=True)
    ]
    ticket.sealed_subject = seal(
        json.dumps({"address": member.email, "ids": sorted({str(member.pk), *ids})}),
        organization_id=ticket.organization_id,
        purpose=PURPOSE,
        subject=str(ticket.pk),
        context=_CONTEXT,
    )
    ticket.save(update_fields=["sealed_subject"])


def sought_by(ticket: Ticket) -> Sought | None:
    """None when the person was not there: a restored backup may be older than they are."""
    if not ticket.sealed_subject:
        return None
    opened = json.loads(
        unseal(ticket.sealed_subject, organization_id=ticket.organization_id, context=_CONTEXT)
    )
    return Sought(opened["address"], tuple(opened["ids"]))
