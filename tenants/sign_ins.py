"""What others know of refused sign-ins in a member's name: a registry for the account's history."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class RefusedSignIn:
    """`reference` is what an admin finds the attempt by."""

    at: datetime
    how: str
    reason: str
    reference: str = ""
    address: str = ""


# Called inside the member's organization, with how many are wanted at most, newest first.
Source = Callable[[Membership, int], Iterable[RefusedSignIn]]
_sources: list[Source] = []


def register(source: Source) -> None:
    _sources.append(source)


def refused_of(member: Membership, most: int) -> list[RefusedSignIn]:
    return [found for source in _sources for found in source(member, most)]
