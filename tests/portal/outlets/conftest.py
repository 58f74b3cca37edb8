"""The mailer, run as its job runs it."""

from collections.abc import Callable

import pytest
from django.core.mail import EmailMultiAlternatives

from audit.tree import seal_pending
from portal.outlets.models import Delivery
from portal.outlets.tasks import send_mail
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.portal.grants.conftest import (  # noqa: F401 - the same case, for its mails
    case,
    integration,
    pending,
    requested,
    staff_of,
)


@pytest.fixture
def post(mailoutbox: list[EmailMultiAlternatives]) -> Callable[..., list]:
    """Seal the organization's log, let the mailer work, and return what went out."""

    def run(organization: Organization) -> list:
        mailoutbox.clear()
        with organization_scope(organization.pk):
            seal_pending(organization.pk)
            send_mail(organization_id=str(organization.pk))
        return list(mailoutbox)

    return run


@pytest.fixture
def owed() -> Callable[[], list[str]]:
    return lambda: sorted(Delivery.objects.values_list("status", flat=True))
