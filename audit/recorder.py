"""Writing an event, in the transaction of the change it tells about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable
from uuid import UUID

from django.db import connection

from audit.canonical import canonical
from audit.identifiers import instant_of, new_id
from audit.leaves import leaf_hash
from audit.models import Event
from audit.names import EventName
from audit.opening import context_of
from audit.sealing import PERSON, keys_for

BODY_VERSION: Final = 1
# Values about somebody who is not known here, such as a stranger who failed to sign in.
_NOBODY: Final = "nobody"


class ActorLike(Protocol):
    """Who acts, as far as the log needs to know."""

    @property
    def organization_id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> UUID | None: ...
    @property
    def person(self) -> UUID | None: ...
    @property
    def name(self) -> str: ...
    @property
    def acting_for(self) -> str: ...
    @property
    def grant_id(self) -> UUID | None: ...
    @property
    def session_id(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def address(self) -> str: ...


@dataclass(frozen=True)
class Target:
    """What was acted on. With `person` set, the label is personal and is sealed under them."""

    kind: str
    id: UUID | None
    label: str = ""
    reference: str = ""
    person: UUID | None = None


@runtime_checkable
class Auditable(Protocol):
    def audit_target(self) -> Target: ...


class OutsideTransaction(RuntimeError):
    """An event must commit with its change or not at all."""


class WrongOrganization(RuntimeError):
    """The target belongs to another organization than the log it would be written to."""


def record(
    name: EventName,
    *,
    actor: ActorLike,
    target: Auditable | Target | None = None,
    outcome: str = "done",
    private: Mapping[str, str] | None = None,
    organization_id: UUID | None = None,
    **facts: Any,
) -> UUID:
    """Append one event and return its id. Facts hold no personal values; `private` may."""
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{name} must be recorded inside the transaction of its change.")
    log = organization_id or actor.organization_id
    _refuse_foreign(target, organization_id, log)
    aim = target.audit_target() if isinstance(target, Auditable) else target
    event_id = new_id()
    columns: dict[str, Any] = {
        "id": event_id,
        "organization_id": log,
        "name": str(name),
        "version": BODY_VERSION,
        "occurred_at": instant_of(event_id),
        "actor_kind": str(actor.kind),
        "actor_id": actor.id,
        "target_kind": aim.kind if aim else "",
        "target_id": aim.id if aim else None,
        "reference": aim.reference if aim else "",
        "outcome": outcome,
        "grant_id": actor.grant_id,
        "session_id": actor.session_id,
        "request_id": actor.request_id,
        "body": canonical(_body(actor, aim, facts)),
        "sealed": canonical(_sealed(event_id, log, _personal(actor, aim, private or {}))),
    }
    columns["leaf_hash"] = leaf_hash(columns)
    _insert(columns)
    return event_id


def _refuse_foreign(target: Auditable | Target | None, stated: UUID | None, log: UUID) -> None:
    owner = getattr(target, "organization_id", None)
    if stated is None and owner is not None and owner != log:
        raise WrongOrganization("Name the log explicitly to write about another organization.")


def _body(actor: ActorLike, aim: Target | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {"facts": facts}
    if actor.id is None and actor.kind == "system":
        body["actor"] = actor.name
    if aim and aim.label and aim.person is None:
        body["target"] = aim.label
    return body


def _personal(
    actor: ActorLike, aim: Target | None, private: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Field -> (whose key, value)."""
    acting = str(actor.person or actor.id or _NOBODY)
    concerned = str(aim.person) if aim and aim.person else acting
    values = {field: (concerned, value) for field, value in private.items()}
    values["address"] = (acting, actor.address)
    values["acting_for"] = (acting, actor.acting_for)
    if actor.id is not None or actor.kind != "system":
        values["actor"] = (acting, actor.name)
    if aim and aim.person:
        values["target"] = (concerned, aim.label)
    return {field: value for field, value in values.items() if value[1]}


def _sealed(event_id: UUID, log: UUID, values: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Tokens by field. A person whose key was destroyed leaves an empty one, never a new key."""
    if not values:
        return {}
    keys = keys_for(log, PERSON, (subject for subject, _ in values.values()), revive=False)
    return {
        field: keys[subject].seal(value, context=context_of(event_id, field))
        if subject in keys
        else ""
        for field, (subject, value) in values.items()
    }


_META = Event._meta  # noqa: SLF001 - Django's documented way to a model's columns
_FIELDS = tuple(_META.concrete_fields)
# Own names only.
_INSERT = "INSERT INTO {table} ({columns}) VALUES ({places})".format(  # noqa: S608
    table=_META.db_table,
    columns=", ".join(f'"{field.column}"' for field in _FIELDS),
    places=", ".join("%s" for _ in _FIELDS),
)


def _insert(columns: Mapping[str, Any]) -> None:
    """One statement: saving through the ORM costs more than the hash tree does."""
    values = [field.get_db_prep_save(columns[field.attname], connection) for field in _FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
