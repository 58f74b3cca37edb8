"""The steps of each kind of request, registered by the feature that carries them out."""

from dataclasses import dataclass

from django.utils.functional import Promise

from portal.tickets.rules import Kind, Status


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step: its name, its words on screen, and the status a request has meanwhile.

    `bulk` work runs on its own worker lane so that it cannot starve the promises of others.
    """

    name: str
    title: str | Promise
    phase: Status
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """One line of what a request takes or leaves, for its form."""

    label: str
    count: int


_plans: dict[Kind, tuple[StepPlan, ...]] = {}


def register_plan(kind: Kind, steps: tuple[StepPlan, ...]) -> None:
    _plans[kind] = steps


def steps_of(kind: str) -> tuple[StepPlan, ...]:
    return _plans[Kind(kind)]


def step_plan(kind: str, name: str) -> StepPlan:
    return next(step for step in steps_of(kind) if step.name == name)
