"""State machines of hypothesis over a database: a workspace and a clock for each example."""

import os
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from audit.refusals import Refusal
from tenants.access import Actor
from tenants.clock import now, shifted
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tenants.resolving import actor_for_member
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization

FEW, MANY = (6, 20), (10, 60)


class Workspace(RuleBasedStateMachine):
    """An organization of its own: an owner, two who may file, and some who may leave."""

    def __init__(self) -> None:
        super().__init__()
        self.hours = timedelta(0)
        self.organization: Organization = make_organization(f"w{uuid4().hex[:12]}")
        self._scope = organization_scope(self.organization.pk)
        self._scope.__enter__()
        self.ada = self.member("Ada Okafor", BuiltInRole.OWNER)
        self.max = self.member("Max Lindqvist", BuiltInRole.ADMIN)

    def member(self, name: str, role: str) -> Membership:
        return make_member(self.organization, name, role)

    def actor(self, member: Membership) -> Actor:
        """The member, just stepped up on this machine's clock."""
        made = actor_for_member(Membership.objects.select_related("organization").get(pk=member.pk))
        return replace(made, stepped_up_until=now() + timedelta(minutes=5))

    def teardown(self) -> None:
        self._scope.__exit__(None, None, None)

    def at_work(self) -> Any:
        """The machine's clock, as far as this example has moved it."""
        return shifted(self.hours)


def tried(*attempts: Any) -> list[Any]:
    """What came of each; a refusal is nothing, any other failure is the test's."""
    results = []
    for attempt in attempts:
        with suppress(Refusal):
            results.append(attempt())
    return results


def run(machine: type[RuleBasedStateMachine], *, thorough: bool) -> None:
    """A bounded number of examples; the same ones in each run of the suite."""
    examples, steps = MANY if thorough else FEW
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("EXAMPLES", examples)),
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=not thorough,
            phases=[Phase.generate, Phase.shrink] if thorough else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
