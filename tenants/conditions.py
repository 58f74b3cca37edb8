"""What a changed policy must still satisfy: each feature adds what only it can see."""

from collections.abc import Callable, Mapping
from datetime import datetime

from tenants.models import Policy

# Field of the policy -> what is wrong with its new value; empty when the policy holds.
Condition = Callable[[Policy, datetime], Mapping[str, str]]
_conditions: list[Condition] = []


def register(condition: Condition) -> None:
    if condition not in _conditions:
        _conditions.append(condition)


def violations(policy: Policy, *, at: datetime) -> dict[str, str]:
    return {
        field: said for condition in _conditions for field, said in condition(policy, at).items()
    }
