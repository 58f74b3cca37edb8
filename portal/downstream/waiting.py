"""The steps of open requests that belong to one downstream system."""

from portal.downstream.models import Connector
from portal.downstream.rules import FAMILY
from portal.tickets.models import Step
from portal.tickets.models.step import StepQuerySet
from portal.tickets.rules import OPEN, StepStatus


def step_name(connector: Connector) -> str:
    return f"{FAMILY}{connector.pk.hex}"


def open_steps(connector: Connector) -> StepQuerySet:
    """Of requests that are not closed before this system has its turn."""
    steps: StepQuerySet = Step.objects.unfinished().filter(
        name=step_name(connector), ticket__status__in=sorted(OPEN)
    )
    return steps.select_related("ticket").order_by("ticket_id")


def waiting_steps(connector: Connector) -> StepQuerySet:
    return open_steps(connector).filter(status=StepStatus.WAITING)
