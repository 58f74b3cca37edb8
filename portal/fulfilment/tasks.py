"""The two jobs that carry requests on: promises on their own lane, bulk work on another."""

from uuid import UUID

from portal.fulfilment.running import run_ticket
from portal.queue.names import JobName, Lane
from portal.queue.tasks import task


@task(JobName.TICKET_PROCESS, queue=Lane.SLA)
def process_ticket(*, organization_id: str, ticket_id: str) -> None:  # noqa: ARG001  (opens the scope)
    run_ticket(UUID(ticket_id))


@task(JobName.TICKET_ERASE, queue=Lane.BULK)
def erase_for_ticket(*, organization_id: str, ticket_id: str) -> None:  # noqa: ARG001  (as above)
    run_ticket(UUID(ticket_id), bulk=True)
