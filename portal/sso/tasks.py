"""Background work of single sign-on: what is asked of the outside, one row at a time."""

from uuid import UUID

from portal.queue.names import JobName, Lane
from portal.queue.tasks import task
from portal.sso.proving import check_again
from tenants.clock import now


@task(JobName.DOMAIN_CHECK, queue=Lane.DEFAULT)
def check_domain(*, organization_id: str, domain_id: str) -> None:  # noqa: ARG001  (opens the scope)
    check_again(UUID(domain_id), at=now())
