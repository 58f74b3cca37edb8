"""The steps of each kind of request, registered by the feature that carries them out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from django.utils.functional import Promise

from portal.tickets.rules import COLLECTIVE, Kind, Scope, Status

# Ends the name of a plan that stands for several steps, each with an id behind it.
FAMILY = ":"


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step: its name, its words on screen, and the status a request has meanwhile.

    `bulk` work runs on its own worker lane so that it cannot starve the promises of others.
    A step that names scopes is no part of requests with another one; one that names none is
    part of all but those that are made of other requests.
    """

    name: str
    title: str | Promise
    phase: Status
    bulk: bool = False
    scopes: frozenset[Scope] = frozenset()

    @property
    def is_family(self) -> bool:
        """Stands for as many steps as the workspace has things of the kind: `downstream:<id>`."""
        return self.name.endswith(FAMILY)


@dataclass(frozen=True, slots=True)
class Preview:
    """One line of what a request takes or leaves, for its form."""

    label: str
    count: int


_plans: dict[Kind, tuple[StepPlan, ...]] = {}


def register_plan(kind: Kind, steps: tuple[StepPlan, ...]) -> None:
    _plans[kind] = steps


def insert_step(kind: Kind, plan: StepPlan, *, before: str) -> None:
    """A step of a feature above, in front of the step of that name."""
    steps = [step for step in _plans[kind] if step != plan]
    place = next(n for n, step in enumerate(steps) if step.name == before)
    _plans[kind] = (*steps[:place], plan, *steps[place:])


def steps_of(kind: str, scope: str = "") -> tuple[StepPlan, ...]:
    """All steps of the kind, or those that a request with this scope consists of."""
    plans = _plans[Kind(kind)]
    if not scope:
        return plans
    everywhere = scope not in COLLECTIVE
    return tuple(plan for plan in plans if (scope in plan.scopes if plan.scopes else everywhere))


def step_plan(kind: str, name: str) -> StepPlan:
    """The plan of a step; one of a family has the plan of its family."""
    return next(step for step in steps_of(kind) if step.name == family_of(name))


def planned(kind: str, name: str, title: str) -> StepPlan:
    """The plan of a step that was made, under its own title where it has one."""
    plan = step_plan(kind, name)
    return replace(plan, title=title) if title else plan


def title_of_step(kind: str, step: "Titled") -> str:
    return str(planned(kind, step.name, step.title).title)


def family_of(name: str) -> str:
    """`downstream:` of `downstream:<id>`; a step that stands alone is its own family."""
    first, colon, _id = name.partition(FAMILY)
    return f"{first}{colon}"


class Titled(Protocol):
    name: str
    title: str


Named = tuple[str, str]
Members = Callable[[str], list[Named]]
_families: dict[str, Members] = {}


def register_family(name: str, members: Members) -> None:
    """`members` gives id and title of each step of the family, for a request of this kind."""
    _families[name] = members


def steps_to_make(kind: str, scope: str) -> list[Named]:
    """Name and own title of every step of a request that is filed now."""
    made: list[Named] = []
    for plan in steps_of(kind, scope):
        if not plan.is_family:
            made.append((plan.name, ""))
        elif plan.name in _families:
            made += [(plan.name + key, title) for key, title in _families[plan.name](kind)]
    return made
