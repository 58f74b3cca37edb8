"""A deletion from filing to the signed certificate."""

from datetime import datetime, timedelta

import pytest

from audit.signing import own_keys, verify
from portal.catalog.models import Field, Integration, Resource
from portal.fulfilment.models import Certificate
from portal.tickets.actions import file_deletion, withdraw_deletion
from portal.tickets.freezing import WritesFrozen, refuse_if_frozen
from portal.tickets.models import Tally, Ticket
from portal.tickets.rules import Scope, Status
from tenants.access import Actor
from tenants.models import Membership, Organization, Policy
from tests.portal.fulfilment.conftest import Work, make_integration

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_cooling_off(organization: Organization) -> None:
    Policy.objects.update(cooling_off=timedelta(0))


def file(actor: Actor, at: datetime, integration: Integration) -> Ticket:
    return file_deletion(
        Scope.INTEGRATION,
        actor=actor,
        at=at,
        confirmation=integration.name,
        integration_id=integration.pk,
    )


def test_one_integration_goes_and_another_stays(
    integration, ada, actor_of, at, work, no_cooling_off
) -> None:
    other = make_integration(ada, at, name="Lake")
    ticket = work(file(actor_of(ada), at, integration))
    assert ticket.status == Status.ERASED
    assert not Resource.objects.filter(integration=integration).exists()
    assert Field.objects.filter(integration=other).count() == 12
    assert set(Tally.objects.filter(ticket=ticket).values_list("after", flat=True)) == {0}
    certificate = Certificate.objects.get(ticket=ticket)
    verify(certificate.content, own_keys())
    stores = {row["store"]: row for row in certificate.content["stores"]}
    assert stores["catalog_resource"]["before"] == 12
    assert stores["catalog_integration"]["before"] == 1
