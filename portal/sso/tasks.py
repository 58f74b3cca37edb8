"""Background work of single sign-on: what is asked of the outside, one row at a time."""

from uuid import UUID

from portal.queue.names import JobName, Lane
from portal.queue.tasks import task
from portal.sso.proving import check_again
from portal.sso.refreshing import refresh
from tenants.clock import now


@task(JobName.DOMAIN_CHECK, queue=Lane.DEFAULT)
def check_domain(*, organization_id: str, domain_id: str) -> None:  # noqa: ARG001  (opens the scope)
    check_again(UUID(domain_id), at=now())


@task(JobName.METADATA_REFRESH, queue=Lane.DEFAULT)
def refresh_metadata(*, organization_id: str, connection_id: str) -> None:  # noqa: ARG001  (as above)
    refresh(UUID(connection_id), at=now())
