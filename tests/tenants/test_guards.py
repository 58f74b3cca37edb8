"""The walls in the database are those the models ask for."""

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Event
from audit.names import EventName
from audit.recorder import record
from tenants import guards
from tenants.access import system_actor
from tenants.models import Organization

pytestmark = pytest.mark.django_db


def test_every_table_of_an_organization_is_guarded() -> None:
    wanted = {g.table for g in guards.guards()}
    if connection.vendor != "postgresql":
        wanted = {g.table for g in guards.guards() if g.is_append_only}

    assert guards.installed() == wanted
    assert "audit_event" in wanted


@pytest.mark.parametrize(
    "statement", ["update audit_event set name = 'x'", "delete from audit_event"]
)
def test_an_event_can_be_neither_changed_nor_deleted(
    organization: Organization, statement: str
) -> None:
    with transaction.atomic():
        record(EventName.PROFILE_CHANGED, actor=system_actor(organization))

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert Event.objects.filter(organization_id=organization.pk).count() == 1
