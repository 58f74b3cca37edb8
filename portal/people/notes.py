"""What other features have to say about a member, on that member's page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tenants.access import Actor
from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the profile, with the page that says more."""

    label: str
    text: str
    at: datetime | None = None
    url: str = ""
    link: str = ""


Provider = Callable[[Membership, Actor], list[Note]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    if provider not in _providers:
        _providers.append(provider)


def notes_on(member: Membership, actor: Actor) -> list[Note]:
    return [note for provider in _providers for note in provider(member, actor)]
