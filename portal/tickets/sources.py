"""Where a request came from, in words; a feature above that files requests says more."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from portal.tickets.models import Ticket
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class Source:
    """What filed a request, and the page that shows how."""

    label: str
    url: str = ""
    link: str = ""


Describe = Callable[[Ticket, Actor], Source]
PLAIN = {"person": _("A person"), "api": _("API"), "restore": _("Restored backup")}
_described: dict[str, Describe] = {}


def register_source(name: str, describe: Describe) -> None:
    _described[name] = describe


def source_of(ticket: Ticket, actor: Actor) -> Source:
    describe = _described.get(ticket.source)
    if describe is not None:
        return describe(ticket, actor)
    return Source(str(PLAIN.get(ticket.source, ticket.source)))
