"""The mailer's job, and the sweep that wakes it where a message was lost."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from audit.models import TreeHead
from portal.outlets.delivering import deliver_due
from portal.outlets.models import LEASE, Cursor, Delivery, due_at
from portal.outlets.reading import MAILER, read_on
from portal.queue.names import JobName, Lane
from portal.queue.publishing import enqueue
from portal.queue.sweeping import sweep
from portal.queue.tasks import task
from tenants.clock import now
from tenants.scoping import system_scope


@task(JobName.MAIL_SEND, queue=Lane.DEFAULT)
def send_mail(*, organization_id: str) -> None:  # noqa: ARG001
    """`organization_id` has opened the scope already."""
    read_on(at=now())
    deliver_due()


def bring_forward(at: datetime) -> None:
    """The clock was set back: no letter waits for an hour that is lived twice.

    One that a worker has in hand just now is left to it; sent again, it is still one mail.
    """
    with system_scope("outlets"):
        later = Delivery.unscoped.filter(wake_at__gt=at)
        later.filter(status=Delivery.Status.WAITING).update(wake_at=at)
        claimed = later.filter(status=Delivery.Status.CLAIMED, wake_at__gt=at + LEASE)
        claimed.update(wake_at=at + LEASE)


@sweep("mail.send", every=timedelta(seconds=5), after_setback=bring_forward)
def wake_mailers(at: datetime) -> None:
    with system_scope("outlets"):
        waiting = {*_unread(), *_owing(at)}
    for organization_id in waiting:
        enqueue(JobName.MAIL_SEND, organization_id=organization_id)


def _unread() -> list[UUID]:
    """Whose log has grown past the mailer's cursor."""
    cursors = Cursor.unscoped.filter(name=MAILER, organization_id=OuterRef("organization_id"))
    heads = TreeHead.objects.annotate(read=Coalesce(Subquery(cursors.values("position")[:1]), 0))
    return list(heads.filter(size__gt=F("read")).values_list("organization_id", flat=True))


def _owing(at: datetime) -> list[UUID]:
    owed = Delivery.unscoped.filter(due_at(at))
    return list(owed.order_by().values_list("organization_id", flat=True).distinct())
