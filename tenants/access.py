"""Who acts, what they may do, and the one way in which anything is changed."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ParamSpec, Protocol, TypeVar, cast
from uuid import UUID

from django.db import transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Malformed, NotPermitted, Refusal, StaleVersion, StepUpNeeded
from tenants.clock import now
from tenants.models import ApiToken, Entry, Membership, Organization
from tenants.permissions import (
    COMMAND_LINE_PERMISSIONS,
    PERMISSION_LABELS,
    SYSTEM_PERMISSIONS,
    Permission,
)
from tenants.scoping import ScopeMissing, current_organization_id, system_scope

STEP_UP_LASTS = timedelta(minutes=5)

# Slips of the keyboard, not attempts at anything: they leave no trace in the log.
_UNRECORDED = (Invalid, Malformed, StaleVersion, StepUpNeeded)


class ActorKind(StrEnum):
    MEMBER = "member"
    STAFF = "staff"
    TOKEN = "token"  # noqa: S105  (a kind, not a secret)
    SETUP_LINK = "setup_link"
    STRANGER = "stranger"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody acting in one organization, with every right already united."""

    kind: ActorKind
    organization: Organization
    name: str
    id: UUID | None = None
    permissions: frozenset[Permission] = frozenset()
    team_ids: frozenset[UUID] = frozenset()
    membership: Membership | None = None
    entry: Entry | None = None
    token: ApiToken | None = None
    stepped_up_until: datetime | None = None
    acting_for: str = ""
    grant_id: UUID | None = None
    session_id: str = ""
    request_id: str = ""
    address: str = ""
    scopes: frozenset[str] = field(default=frozenset())
    # What an owner has proven in advance, with the token that they gave to a machine.
    proven: frozenset[Permission] = field(default=frozenset())

    @property
    def organization_id(self) -> UUID:
        return self.organization.pk

    @property
    def person(self) -> UUID | None:
        """Whose key seals this actor's name: the membership's, also for a token of theirs.

        A service account's name is its own: it is read when its owner's is long erased.
        """
        is_machine = self.token is not None and self.token.service_account_id is not None
        return self.membership.pk if self.membership and not is_machine else self.id

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises NotPermitted, naming what is missing in the words of the role page."""
        if permission not in self.permissions:
            label = PERMISSION_LABELS[permission]
            raise NotPermitted(
                f"Your role does not include “{label}”. Ask an admin of {self.organization.name}."
            )

    def has_stepped_up(self, *, at: datetime) -> bool:
        until = self.stepped_up_until
        return until is not None and at < until

    def require_step_up(self, *, at: datetime, permission: Permission | None = None) -> None:
        """Raises StepUpNeeded unless the person proved themselves within 5 minutes.

        The holder of a set-up link has no account to prove: the link was given by somebody who
        had just done so, and every action looks at it again.
        """
        if self.kind in (ActorKind.SYSTEM, ActorKind.SETUP_LINK) or self.has_stepped_up(at=at):
            return
        if permission in self.proven:
            return
        raise StepUpNeeded("Confirm that it is you, then try again.")


def system_actor(organization: Organization) -> Actor:
    """The system at work for one organization, with the rights of its own row."""
    return Actor(
        kind=ActorKind.SYSTEM,
        organization=organization,
        name="Gatehouse",
        permissions=SYSTEM_PERMISSIONS,
    )


def command_line_actor(organization: Organization) -> Actor:
    """Whoever has the server's shell, at work in one organization: told apart in its log.

    There is no browser to prove oneself in; the shell itself is the proof.
    """
    return Actor(
        kind=ActorKind.SYSTEM,
        organization=organization,
        name="Gatehouse (command line)",
        permissions=COMMAND_LINE_PERMISSIONS,
    )


def stranger(organization: Organization, *, request_id: str = "", address: str = "") -> Actor:
    """Somebody not yet known, at the door of one organization."""
    return Actor(
        kind=ActorKind.STRANGER,
        organization=organization,
        name="",
        request_id=request_id,
        address=address,
    )


P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Action(Protocol[P, R_co]):
    """A declared business action."""

    permission: Permission | None
    step_up: bool
    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


_inside: ContextVar[bool] = ContextVar("inside_action", default=False)


def action(
    permission: Permission | None, *, step_up: bool = False
) -> Callable[[Callable[P, R]], Action[P, R]]:
    """Declare a verb: needs `actor`, checks the permission, runs in one transaction.

    `None` is for what any actor of the organization may do to what is their own. A refusal of
    the outermost action rolls everything back, then leaves a record of the attempt.
    """

    def declare(function: Callable[P, R]) -> Action[P, R]:
        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = _actor_of(kwargs)
            is_outermost = not _inside.get()
            with _recorded(actor, function.__name__), transaction.atomic():
                if is_outermost:
                    _require_presence(actor)
                if permission is not None:
                    actor.require(permission)
                if step_up:
                    actor.require_step_up(at=now(), permission=permission)
                return function(*args, **kwargs)

        declared = cast("Action[P, R]", run)
        declared.permission = permission
        declared.step_up = step_up
        return declared

    return declare


Presence = Callable[[Actor, datetime], bool]
_presences: dict[ActorKind, Presence] = {}


def register_presence(kind: ActorKind, is_present: Presence) -> None:
    """For a kind of actor whose row belongs to a feature: whether it may still act."""
    _presences[kind] = is_present


def _require_presence(actor: Actor) -> None:
    """Raises NotPermitted when what let the actor in was ended since.

    The actor was made when the request began, and its body may take hours to arrive.
    """
    require = _require_link if actor.kind is ActorKind.SETUP_LINK else _require_person
    require(actor)


def _require_link(actor: Actor) -> None:
    is_present = _presences.get(actor.kind)
    if is_present is None or not is_present(actor, now()):
        raise NotPermitted("This set-up link no longer works. Ask for a new one.")


def _require_person(actor: Actor) -> None:
    if actor.kind is ActorKind.STAFF:
        member = _staff_behind(actor)
    elif actor.token is not None:
        usable = ApiToken.objects.usable(at=now())
        behind = usable.select_related("owner", "service_account__owner")
        token = behind.filter(pk=actor.token.pk).first()
        member = token.answering if token and token.holder_stands(at=now()) else None
    elif actor.entry is not None and not actor.entry._state.adding:  # noqa: SLF001
        entry = Entry.objects.open().select_related("membership").filter(pk=actor.entry.pk).first()
        member = entry.membership if entry else None
    else:
        return
    if member is None or not member.is_active(at=now()):
        raise NotPermitted(f"Your access to {actor.organization.name} was ended.")


def _staff_behind(actor: Actor) -> Membership | None:
    """A member of the vendor's staff is at a customer's, whose scope does not hold their row."""
    with system_scope("staff behind an action"):
        if actor.token is None:
            return Membership.unscoped.filter(pk__in=[actor.id]).first()
        tokens = ApiToken.unscoped.filter(
            pk=actor.token.pk, revoked_at__isnull=True, expires_at__gt=now()
        )
        token = tokens.select_related("owner", "service_account__owner").first()
        return token.answering if token and token.holder_stands(at=now()) else None


@contextmanager
def _recorded(actor: Actor, verb: str) -> Iterator[None]:
    """Around the transaction: the outermost action records a refusal once it is rolled back."""
    is_outermost = not _inside.get()
    token = _inside.set(True)
    try:
        yield
    except Refusal as refusal:
        if is_outermost:
            record_refusal(refusal, actor=actor, verb=verb)
        raise
    finally:
        _inside.reset(token)


def record_refusal(refusal: Refusal, *, actor: Actor, verb: str) -> None:
    """Leave the attempt in the log, in a transaction of its own."""
    if isinstance(refusal, _UNRECORDED):
        return
    with transaction.atomic():
        record(
            EventName.ACTION_REFUSED,
            actor=actor,
            outcome="refused",
            verb=verb,
            code=refusal.code,
        )


def _actor_of(kwargs: Mapping[str, object]) -> Actor:
    actor = kwargs.get("actor")
    if not isinstance(actor, Actor):
        raise TypeError("An action needs the keyword actor.")
    if actor.organization_id != current_organization_id():
        raise ScopeMissing("The actor belongs to another organization than the open scope.")
    return actor


__all__ = [
    "Action",
    "Actor",
    "ActorKind",
    "action",
    "command_line_actor",
    "record_refusal",
    "register_presence",
    "stranger",
    "system_actor",
]
