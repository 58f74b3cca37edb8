"""Hands letters over to the mail server: claimed first, sent, then settled.

A worker that dies between sending and settling leaves a claim that runs out; the letter is sent
again under the same Message-ID, so that mail servers and programs show one mail.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from audit.models import Event
from portal.outlets.actions import settle_delivery
from portal.outlets.letters import Recipient, mail_of
from portal.outlets.models import LEASE, Delivery
from portal.outlets.occasions import BY_LETTER
from portal.outlets.occasions.base import Situation
from portal.outlets.recipients import resolve
from tenants.access import system_actor
from tenants.clock import now
from tenants.models import Organization

BATCH: Final = 200
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480, 640))
_LOG = structlog.get_logger("gatehouse.outlets")


def deliver_due() -> int:
    """Send what is due in this organization. Returns how many letters were settled."""
    organization = Organization.objects.current()
    waiting = Delivery.objects.due(now()).order_by("wake_at", "id")[:BATCH]
    return sum(_deliver(delivery, organization) for delivery in waiting)


def claim(delivery: Delivery, *, at: datetime) -> bool:
    """Take the letter for two minutes, unless another worker was faster."""
    free = Delivery.objects.due(at).filter(pk=delivery.pk, attempts=delivery.attempts)
    taken = free.update(
        status=Delivery.Status.CLAIMED, attempts=delivery.attempts + 1, wake_at=at + LEASE
    )
    delivery.attempts += taken
    return bool(taken)


@dataclass(frozen=True)
class Attempt:
    """One claimed letter on its way."""

    delivery: Delivery
    organization: Organization
    event: Event
    to: Recipient | None

    def settle(self, status: Delivery.Status, *, error: str = "") -> bool:
        settle_delivery(
            self.delivery,
            actor=system_actor(self.organization),
            at=now(),
            status=status,
            to=self.to,
            reference=self.event.reference,
            error=error,
        )
        return True


def _deliver(delivery: Delivery, organization: Organization) -> bool:
    at = now()
    if not claim(delivery, at=at):
        return False
    attempt = _attempt(delivery, organization)
    try:
        status = _send(attempt, at)
    except Exception as failed:  # noqa: BLE001 - one letter must not hold up the others
        return _try_later(attempt, type(failed).__name__)
    return attempt.settle(status)


def _send(attempt: Attempt, at: datetime) -> Delivery.Status:
    if attempt.to is None:
        return Delivery.Status.NOT_NEEDED
    situation = Situation(
        event=attempt.event, organization=attempt.organization, recipient=attempt.to, at=at
    )
    letter = BY_LETTER[attempt.delivery.letter].write(situation)
    if letter is None:
        return Delivery.Status.NOT_NEEDED
    workspace, token = attempt.organization.name, attempt.delivery.pk.hex
    mail_of(letter, attempt.to, workspace=workspace, token=token).send()
    return Delivery.Status.SENT


def _attempt(delivery: Delivery, organization: Organization) -> Attempt:
    event = Event.objects.visible_to(system_actor(organization)).get(pk=delivery.event_id)
    return Attempt(delivery, organization, event, resolve(delivery.recipient, event))


def _try_later(attempt: Attempt, error: str) -> bool:
    """Wait longer each time; after a day the letter counts as failed."""
    delivery = attempt.delivery
    _LOG.warning("mail.not_sent", letter=delivery.letter, attempt=delivery.attempts, error=error)
    if delivery.attempts > len(PAUSES):
        return attempt.settle(Delivery.Status.FAILED, error=error)
    Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(
        status=Delivery.Status.WAITING,
        wake_at=now() + PAUSES[delivery.attempts - 1],
        error=error,
    )
    return False
