"""PostgreSQL's own files after a deletion, read by nobody of the product."""

import runpy
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ours
from django.db import connection

from portal.catalog.models import Field, Resource
from portal.fulfilment.models import Certificate
from portal.tickets.actions import file_deletion
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope, Status
from portal.tickets.subjects import Wish
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.cast import make_member
from tests.portal.fulfilment.conftest import Work, make_integration

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.thorough,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not ours.DATABASE_OWNER_URL or not list(Path("/var/lib/postgresql").glob("*/*/base")),
        reason="the files of a PostgreSQL cannot be read here",
    ),
]
CANARY = "canary7f3asalaries"


def files_that_hold(text: str) -> list[str]:
    """Tables and indexes, after everything in the server's memory was written to them."""
    administrator = runpy.run_path(str(ours.BASE_DIR / ".ci" / "services.py"))["connect"]()
    assert administrator is not None
    with administrator:
        administrator.execute("CHECKPOINT")
    with connection.cursor() as cursor:
        cursor.execute("select oid from pg_database where datname = current_database()")
        (oid,) = cursor.fetchone()
    files = Path("/var/lib/postgresql").glob(f"*/*/base/{oid}/*")
    return [file.name for file in files if text.encode() in file.read_bytes()]


def test_no_old_bytes_are_left_beside_another_organizations_rows(
    ada: Membership,
    actor_of: Callable[..., Actor],
    other_organization: Organization,
    at: datetime,
    work: Work,
    settings: Any,
) -> None:
    settings.ERASURE_REWRITES_UP_TO = 1024**3
    Policy.objects.update(cooling_off=timedelta(0))
    for number in range(20):
        make_integration(ada, at, name=f"Warehouse {number}")
        with organization_scope(other_organization.pk):
            owner = make_member(other_organization, f"Ned{number} Roy", "owner")
            make_integration(owner, at, name=f"Theirs {number}")
    mine = Resource.objects.filter(organization_id=ada.organization_id)
    mine.update(name=CANARY, description=CANARY)
    Field.objects.filter(resource__in=mine).update(description=CANARY)
    assert files_that_hold(CANARY)

    filed = file_deletion(
        Wish(Scope.ALL_METADATA), actor=actor_of(ada), at=at, confirmation=ada.organization.name
    )

    # The server's own vacuum may be at a table: then the step is tried again, as in production.
    for _attempt in range(10):
        if work(filed).status == Status.ERASED:
            break
        Ticket.objects.filter(pk=filed.pk).update(wake_at=now())
        time.sleep(1)
    assert Ticket.objects.get(pk=filed.pk).status == Status.ERASED
    assert files_that_hold(CANARY) == []
    with organization_scope(other_organization.pk):
        assert Resource.objects.count() == 20 * 12
    assert Certificate.objects.get().content["storage"] == (
        "postgresql: tables and indexes rewritten"
    )
