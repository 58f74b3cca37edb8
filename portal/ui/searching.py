"""The registry of search: each feature finds among its own rows what the person may see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from tenants.access import Actor

SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Found:
    title: str
    url: str
    reference: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class FoundGroup:
    label: str
    icon: str
    results: Sequence[Found]


# Called with the text and the number of rows to return; filters by `visible_to(actor)`.
Search = Callable[[Actor, str, int], Sequence[Found]]


@dataclass(frozen=True, kw_only=True)
class Provider:
    label: str | Promise
    icon: str
    order: int
    search: Search


_providers: dict[int, Provider] = {}


def register(provider: Provider) -> None:
    """Add a group of results; `order` is its place. Raises ValueError for a taken one."""
    present = _providers.setdefault(provider.order, provider)
    if present.search is not provider.search:
        raise ValueError(f"Two groups of search results have the place {provider.order}.")


def search_everything(actor: Actor, text: str) -> list[FoundGroup]:
    """The groups with at least one hit, each cut to the first few."""
    groups = (
        FoundGroup(
            label=str(provider.label),
            icon=provider.icon,
            results=provider.search(actor, text, SHOWN),
        )
        for _order, provider in sorted(_providers.items())
    )
    return [group for group in groups if group.results]
