"""Ends a letter, and writes into the log who was told what."""

from datetime import datetime
from typing import Final

from audit.names import EventName
from audit.recorder import Target, record
from portal.outlets.letters import Recipient
from portal.outlets.models import Delivery
from tenants.access import Actor, action

_RECORDED: Final = {
    Delivery.Status.SENT: EventName.MAIL_SENT,
    Delivery.Status.FAILED: EventName.MAIL_FAILED,
}


@action(None)
def settle_delivery(
    delivery: Delivery,
    *,
    actor: Actor,
    at: datetime,
    status: Delivery.Status,
    to: Recipient | None = None,
    reference: str = "",
    error: str = "",
) -> Delivery:
    """Record the end of this attempt; somebody else's newer claim is left alone."""
    mine = Delivery.objects.filter(
        pk=delivery.pk, status=Delivery.Status.CLAIMED, attempts=delivery.attempts
    )
    settled = mine.update(status=status, settled_at=at, wake_at=None, error=error)
    if settled and to is not None and status in _RECORDED:
        record(
            _RECORDED[status],
            actor=actor,
            target=_target(delivery, to, reference),
            letter=delivery.letter.replace("-", " "),
            event=delivery.event_id,
        )
    return delivery


def _target(delivery: Delivery, to: Recipient, reference: str) -> Target:
    """Names are sealed under the person; an address of a function, such as security@, is plain."""
    return Target(
        kind="mail",
        id=delivery.pk,
        label=to.name or to.address,
        reference=reference,
        person=to.person,
    )
