"""The registry of what every page of a workspace says at its top, while it is so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tenants.access import Actor


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One line above the page; `until` makes it count down."""

    tone: str
    title: str
    text: str
    url: str = ""
    link: str = ""
    until: datetime | None = None


Provider = Callable[[Actor, datetime], list[Notice]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    if provider not in _providers:
        _providers.append(provider)


def notices_for(actor: Actor, at: datetime) -> list[Notice]:
    return [notice for provider in _providers for notice in provider(actor, at)]
