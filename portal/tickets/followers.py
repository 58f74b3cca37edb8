"""What features above must do in the very transaction that files a deletion."""

from collections.abc import Callable
from datetime import datetime

from portal.tickets.models import Ticket
from tenants.access import Actor

Follower = Callable[[Ticket, Actor, datetime], None]
_followers: list[Follower] = []


def follow_deletions(follower: Follower) -> Follower:
    if follower not in _followers:
        _followers.append(follower)
    return follower


def tell_followers(ticket: Ticket, *, actor: Actor, at: datetime) -> None:
    for follower in _followers:
        follower(ticket, actor, at)
