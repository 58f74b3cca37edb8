"""The registry of what waits for a person: each feature says which of its things do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tenants.access import Actor


@dataclass(frozen=True, kw_only=True)
class WaitingItem:
    """One thing a person is asked to do, with the page on which to do it."""

    title: str
    url: str
    icon: str
    since: datetime
    detail: str = ""
    reference: str = ""
    due_at: datetime | None = None


Provider = Callable[[Actor, datetime], list[WaitingItem]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    if provider not in _providers:
        _providers.append(provider)


def waiting_for(actor: Actor, at: datetime) -> list[WaitingItem]:
    """Everything that waits for this person, the longest waiting first."""
    items = [item for provider in _providers for item in provider(actor, at)]
    return sorted(items, key=lambda item: item.since)
