"""A small catalogue to erase, and a worker that is called by hand."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from portal.catalog.models import Field, Integration, Resource
from portal.fulfilment import owing
from portal.fulfilment.running import run_ticket
from portal.tickets.models import Step, Ticket
from tenants.models import Membership, Organization

Work = Callable[[Ticket], Ticket]


@pytest.fixture
def integration(organization: Organization, ada: Membership, at: datetime) -> Integration:
    return make_integration(ada, at, name="Warehouse")


def make_integration(owner: Membership, at: datetime, *, name: str, size: int = 12) -> Integration:
    made: Integration = Integration.objects.create(
        kind="dbt", name=name, owner=owner, created_at=at
    )
    resources = Resource.objects.bulk_create(
        Resource(
            integration=made, unique_key=f"model.{name}.{n}", name=f"table_{n}", sort_key=f"t{n}"
        )
        for n in range(size)
    )
    Field.objects.bulk_create(
        Field(integration=made, resource=resource, name="id", position=1) for resource in resources
    )
    return made


@pytest.fixture
def work() -> Work:
    """Let the two lanes of workers take turns until the request rests."""

    def until_it_rests(ticket: Ticket) -> Ticket:
        for _turn in range(40):
            before = _state(ticket.pk)
            run_ticket(ticket.pk)
            run_ticket(ticket.pk, bulk=True)
            if _state(ticket.pk) == before:
                break
        ticket.refresh_from_db()
        return ticket

    return until_it_rests


def _state(ticket_id: UUID) -> list[object]:
    ticket = Ticket.objects.get(pk=ticket_id)
    steps = Step.objects.filter(ticket=ticket).values_list("status", "done", "rounds")
    return [ticket.status, *steps.order_by("position")]


@pytest.fixture(autouse=True)
def _ledger_of_its_own(tmp_path: Path, settings: Any) -> Iterator[None]:
    """The file outlives a test's rows, and would name workspaces of another."""
    settings.LEDGER_FOLDER = tmp_path / "ledger"
    owing.forget()
    yield
    owing.forget()
