"""An occasion: events, who is told, and what the letter says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.models import Event
from audit.names import EventName
from portal.outlets.letters import Letter, Recipient
from portal.outlets.recipients import Choose
from tenants.models import Organization


@dataclass(frozen=True)
class Situation:
    """What a letter is written from. The rows are read now: the link must fit them."""

    event: Event
    organization: Organization
    recipient: Recipient
    at: datetime

    @property
    def slug(self) -> str:
        return self.organization.slug

    def name(self, field: str) -> str:
        """The actor's or target's name in clear."""
        return self.event.people().get(field, "")


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """`write` returns None when there is no longer anything to say."""

    letter: str
    names: frozenset[EventName]
    choose: Choose
    write: Callable[[Situation], Letter | None]


def utc(at: datetime | None) -> str:
    """An instant for a mail: readers are in every time zone, so it names its own."""
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC" if at else ""
