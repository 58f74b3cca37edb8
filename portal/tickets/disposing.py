"""The plan for what somebody owns, made when their access is taken, and what it may say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.refusals import Invalid, NotPermitted
from portal.tickets.models import Disposal, Step, Ticket
from portal.tickets.stores import INTEGRATION
from tenants.access import Actor
from tenants.models import Membership, ServiceAccount
from tenants.models.membership import MembershipQuerySet
from tenants.permissions import Permission

STEP: Final = "belongings"
Thing, Do = Disposal.Thing, Disposal.Do
NEEDS: Final[Mapping[str, Permission]] = {
    Thing.INTEGRATION: Permission.INTEGRATION_MANAGE,
    Thing.SERVICE_ACCOUNT: Permission.SERVICE_ACCOUNT_MANAGE,
}
# A machine stops with its owner by itself; all that is left to decide is who answers for it.
MAY_DO: Final[Mapping[str, Sequence[str]]] = {
    Thing.INTEGRATION: (Do.HAND_OVER, Do.PAUSE, Do.DELETE),
    Thing.SERVICE_ACCOUNT: (Do.HAND_OVER,),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to become of one thing; without a successor it goes to an owner."""

    thing: str
    thing_id: UUID
    do: str
    successor_id: UUID | None = None


def owned_by(member: Membership, thing: str) -> QuerySet[Any]:
    """What they own of one kind, by name."""
    rows = _all_of(thing).filter(owner=member)
    if thing == Thing.SERVICE_ACCOUNT:
        rows = rows.filter(deleted_at=None)
    return rows.order_by("name", "pk")


def _all_of(thing: str) -> QuerySet[Any]:
    is_machine = thing == Thing.SERVICE_ACCOUNT
    model: Any = ServiceAccount if is_machine else apps.get_model(INTEGRATION)
    rows: QuerySet[Any] = model.objects.all()
    return rows


def successors(member: Membership, thing: str, *, at: datetime) -> MembershipQuerySet:
    """Who may look after such a thing, and stays."""
    able: MembershipQuerySet = Membership.objects.holders(NEEDS[thing], at=at)
    staying = able.filter(access_ends_at__isnull=True, blocked_from__isnull=True)
    return staying.exclude(pk=member.pk)


def default_successor(ticket: Ticket, *, at: datetime) -> Membership | None:
    """An owner: whoever filed it, if they are one, else the one who has been here longest."""
    owners = Membership.objects.owners(at=at).exclude(pk=ticket.subject_id)
    filer = owners.filter(pk=ticket.requester_id).first() if ticket.requester_id else None
    found: Membership | None = filer or owners.order_by("joined_at", "pk").first()
    return found


def keep_plan(
    ticket: Ticket, member: Membership, plan: Iterable[Choice], *, actor: Actor, at: datetime
) -> None:
    """Write the plan down, in place of an earlier one for the same things.

    Raises Invalid for what is not theirs or does not fit, NotPermitted for what is not the
    actor's to decide.
    """
    for choice in plan:
        _check(member, choice, actor=actor, at=at)
        _check_deleter(ticket, choice, actor=actor)
        Disposal.objects.update_or_create(
            ticket=ticket,
            thing_id=choice.thing_id,
            defaults={
                "thing": choice.thing,
                "do": choice.do,
                "successor_id": choice.successor_id,
            },
        )


def refuse_if_handed_over(ticket: Ticket) -> None:
    """Raises Invalid once the step that carries the plan out is done."""
    if Step.objects.filter(ticket=ticket, name=STEP, finished_at__isnull=False).exists():
        raise _misfit(
            _("%(number)s has handed over what they owned already.") % {"number": ticket.number}
        )


def said_of(ticket: Ticket) -> list[tuple[str, str]]:
    """The plan in words: each thing by name, and what becomes of it."""
    rows = list(Disposal.objects.filter(ticket=ticket).order_by("thing", "pk"))
    names: dict[UUID, str] = {}
    for thing in {row.thing for row in rows}:
        wanted = [row.thing_id for row in rows if row.thing == thing]
        names |= {row.pk: str(row) for row in _all_of(thing).filter(pk__in=wanted)}
    heirs = Membership.objects.in_bulk([row.successor_id for row in rows if row.successor_id])
    return [(names.get(row.thing_id, _("deleted")), _words(row, heirs)) for row in rows]


def _words(row: Disposal, heirs: Mapping[UUID, Membership]) -> str:
    if row.do != Do.HAND_OVER:
        return str(row.get_do_display())
    heir = heirs.get(row.successor_id) if row.successor_id else None
    return _("Hand over to %(name)s") % {"name": heir or _("an owner")}


def _check(member: Membership, choice: Choice, *, actor: Actor, at: datetime) -> None:
    if choice.do not in MAY_DO.get(choice.thing, ()):
        raise _misfit(_("Choose what becomes of it."))
    actor.require(NEEDS[choice.thing])
    if choice.do == Do.DELETE:
        actor.require(Permission.DELETION_FILE)
    if not owned_by(member, choice.thing).filter(pk=choice.thing_id).exists():
        raise _misfit(_("%(name)s does not own one of these things any more.") % {"name": member})
    if choice.successor_id is not None:
        able = successors(member, choice.thing, at=at)
        if not able.filter(pk=choice.successor_id).exists():
            raise _misfit(_("Choose somebody who stays and may look after it."))


def _check_deleter(ticket: Ticket, choice: Choice, *, actor: Actor) -> None:
    """The deletion is filed in the name of who asked for the revocation.

    Whoever wants it gone in the request of another would else be its second person too.
    """
    me = actor.membership
    if choice.do == Do.DELETE and (me is None or me.pk != ticket.requester_id):
        raise NotPermitted(
            _("Only who asked for %(number)s deletes by it. File the deletion by itself.")
            % {"number": ticket.number}
        )


def _misfit(said: str) -> Invalid:
    return Invalid(_("The plan for what they own does not fit."), {"plan": said})
