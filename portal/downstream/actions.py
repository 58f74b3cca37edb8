"""Adds, changes and removes downstream systems, and takes their acknowledgements."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Refusal, StaleVersion
from portal.downstream import secrets
from portal.downstream.models import Callback, Connector
from portal.downstream.rules import MOST, OVERLAP, Kind, Through
from portal.downstream.sending import refuse_address
from portal.downstream.waiting import waiting_steps
from portal.outbound.addresses import AddressRefused
from portal.tickets.actions import note_answer
from portal.tickets.models.step import FINISHED
from portal.tickets.moving import look_again
from tenants.access import Actor, action
from tenants.models import Membership, Organization
from tenants.permissions import Permission


class NotAwaited(Refusal):
    """The request does not wait for this system any more."""

    code = "not-awaited"


@dataclass(frozen=True, slots=True)
class ConnectorFacts:
    """What somebody says about a downstream system."""

    name: str
    url: str = ""
    instruction: str = ""
    evidence_asked: str = ""
    needs_reference: bool = False
    responsible: Membership | None = None
    on_revocation: bool = True
    on_deletion: bool = False


@action(Permission.POLICY_MANAGE, step_up=True)
def add_connector(
    kind: Kind, facts: ConnectorFacts, *, actor: Actor, at: datetime
) -> tuple[Connector, str]:
    """The system, and the secret of its calls, which is known only now. Raises Invalid."""
    # Names are looked up before anything is locked: that may take seconds.
    address = _fault_of_url(facts.url, is_called=kind == Kind.CALLBACK)
    Organization.objects.locked(actor.organization_id)
    if Connector.objects.filter(removed_at__isnull=True).count() >= MOST:
        raise Invalid(_("There can be at most %(n)d downstream systems.") % {"n": MOST})
    connector = Connector(kind=kind, created_at=at)
    _take(connector, facts, address=address, at=at)
    connector.organization_id = actor.organization_id
    text = secrets.new_secret() if connector.is_called else ""
    if text:
        connector.secret = secrets.sealed(connector, text)
    connector.save(force_insert=True)
    record(EventName.DOWNSTREAM_SYSTEM_ADDED, actor=actor, target=connector, kind=kind.value)
    return connector, text


@action(Permission.POLICY_MANAGE, step_up=True)
def change_connector(
    connector: Connector,
    facts: ConnectorFacts,
    *,
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> Connector:
    """Open requests look at once: another address is tried, another person asked.

    Raises Invalid, StaleVersion.
    """
    address = _fault_of_url(facts.url, is_called=connector.is_called)
    Organization.objects.locked(actor.organization_id)
    connector = _locked(connector, version)
    _take(connector, facts, address=address, at=at)
    _save(connector)
    record(EventName.DOWNSTREAM_SYSTEM_CHANGED, actor=actor, target=connector)
    _look_again(connector, at=at)
    return connector


@action(Permission.POLICY_MANAGE, step_up=True)
def rotate_connector(
    connector: Connector, *, actor: Actor, at: datetime, version: int | None = None
) -> tuple[Connector, str]:
    """A new secret, shown now only; the old one signs beside it for a day. Raises Invalid."""
    connector = _locked(connector, version)
    if not connector.is_called:
        raise Invalid(_("Nothing is signed for a system that a person looks after."))
    text = secrets.new_secret()
    connector.previous_secret, connector.previous_until = connector.secret, at + OVERLAP
    connector.secret = secrets.sealed(connector, text)
    _save(connector)
    record(EventName.DOWNSTREAM_SYSTEM_ROTATED, actor=actor, target=connector)
    return connector, text


@action(Permission.POLICY_MANAGE, step_up=True)
def switch_connector(
    connector: Connector, *, actor: Actor, at: datetime, on: bool, version: int | None = None
) -> Connector:
    """Off, it gets no step in new requests, and open ones skip it at their next look."""
    connector = _locked(connector, version)
    if on == (connector.switched_off_at is None):
        return connector
    connector.switched_off_at = None if on else at
    _save(connector)
    name = (
        EventName.DOWNSTREAM_SYSTEM_SWITCHED_ON if on else EventName.DOWNSTREAM_SYSTEM_SWITCHED_OFF
    )
    record(name, actor=actor, target=connector)
    _look_again(connector, at=at)
    return connector


@action(Permission.POLICY_MANAGE, step_up=True)
def remove_connector(
    connector: Connector, *, actor: Actor, at: datetime, version: int | None = None
) -> Connector:
    """For good: its secrets are destroyed, and open requests skip it. The log keeps its name."""
    connector = _locked(connector, version)
    connector.removed_at = at
    connector.secret = connector.previous_secret = ""
    connector.previous_until = None
    _save(connector)
    secrets.destroy(connector)
    record(EventName.DOWNSTREAM_SYSTEM_REMOVED, actor=actor, target=connector)
    _look_again(connector, at=at)
    return connector


@action(Permission.TICKET_WORK)
def acknowledge_callback(
    callback_id: UUID, *, actor: Actor, at: datetime, through: Through
) -> Callback:
    """The system says that it acted: once, however often it says so. Raises NotAwaited."""
    callback: Callback = Callback.objects.locked(callback_id)
    if callback.acknowledged_at is not None:
        return callback
    if callback.step.status in FINISHED or not callback.step.ticket.is_open:
        raise NotAwaited(_("The request does not wait for this any more."))
    callback.acknowledged_at, callback.through = at, through
    callback.save(update_fields=["acknowledged_at", "through"])
    note_answer(callback.step_id, actor=actor, at=at)
    return callback


def _locked(connector: Connector, version: int | None) -> Connector:
    found: Connector = Connector.objects.locked(connector.pk)
    if found.removed_at is not None:
        raise Invalid(_("This downstream system was removed."))
    if version is not None and version != found.version:
        raise StaleVersion(_("It has changed since you opened it. Look again."))
    return found


def _take(connector: Connector, facts: ConnectorFacts, *, address: str, at: datetime) -> None:
    """Raises Invalid, naming each field that does not hold."""
    errors = {name: said for name, said in _faults(connector, facts, at=at) if said}
    if address:
        errors["url"] = address
    if errors:
        raise Invalid(_("Some of this does not hold."), errors)
    for field in fields(facts):
        setattr(connector, field.name, getattr(facts, field.name))


def _faults(connector: Connector, facts: ConnectorFacts, *, at: datetime) -> list[tuple[str, str]]:
    return [
        ("name", _fault_of_name(connector, facts.name)),
        ("instruction", _fault_of_instruction(connector, facts.instruction)),
        ("responsible", _fault_of_responsible(facts.responsible, at=at)),
        ("on_revocation", _fault_of_use(facts)),
    ]


def _fault_of_name(connector: Connector, name: str) -> str:
    if not name.strip():
        return _("Give it a name.")
    others = Connector.objects.filter(removed_at__isnull=True, name=name).exclude(pk=connector.pk)
    return _("There is one of this name already.") if others.exists() else ""


def _fault_of_url(url: str, *, is_called: bool) -> str:
    if not is_called:
        return _("A system that a person looks after has no address to call.") if url else ""
    try:
        refuse_address(url)
    except AddressRefused as refusal:
        return refusal.message
    return ""


def _fault_of_instruction(connector: Connector, instruction: str) -> str:
    missing = not connector.is_called and not instruction.strip()
    return _("Say what the person has to do there.") if missing else ""


def _fault_of_responsible(responsible: Membership | None, *, at: datetime) -> str:
    if responsible is None:
        return _("Name somebody who is asked when the system does not answer.")
    able = Membership.objects.holders(Permission.TICKET_WORK, at=at)
    if able.filter(pk=responsible.pk).exists():
        return ""
    return _("Choose somebody whose role includes working on requests.")


def _fault_of_use(facts: ConnectorFacts) -> str:
    used = facts.on_revocation or facts.on_deletion
    return "" if used else _("Choose at least one: revocations or deletions.")


def _save(connector: Connector) -> None:
    connector.version += 1
    connector.save()


def _look_again(connector: Connector, *, at: datetime) -> None:
    """Open requests that wait for it find out now."""
    for step in waiting_steps(connector):
        look_again(step, at=at)
