"""Where a request came from, in words; a feature above that files requests says more."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
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
PLAIN = {
    "person": _("A person"),
    "api": _("API"),
    "command": _("Command line"),
    "restore": _("Restored backup"),
    "team": _("Request about a team"),
    "revocation": _("Revocation of its owner"),
}
_described: dict[str, Describe] = {}
_labels: dict[str, str | Promise] = {}


def register_source(name: str, describe: Describe, *, label: str | Promise = "") -> None:
    _described[name] = describe
    _labels[name] = label or name


def known_sources() -> dict[str, str]:
    """Every way a request comes in by, in words."""
    return {name: str(label) for name, label in {**PLAIN, **_labels}.items()}


def source_of(ticket: Ticket, actor: Actor) -> Source:
    describe = _described.get(ticket.source)
    if describe is not None:
        return describe(ticket, actor)
    return Source(str(PLAIN.get(ticket.source, ticket.source)))
