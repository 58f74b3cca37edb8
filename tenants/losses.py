"""Who hears that somebody is an owner no longer: what hangs on the ownership ends with it."""

from collections.abc import Callable
from datetime import datetime

from tenants.access import Actor
from tenants.models import Membership

# Called inside the transaction of the change; a refusal undoes it.
Listener = Callable[[Membership, Actor, datetime], None]
_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    if listener not in _listeners:
        _listeners.append(listener)


def ownership_ended(membership: Membership, actor: Actor, at: datetime) -> None:
    for listener in _listeners:
        listener(membership, actor, at)
