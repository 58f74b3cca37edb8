"""Everything somebody looks after, handed over in one go."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import NotPermitted, Refusal
from portal.catalog.actions import change_integration
from portal.people.ownership import Belongings, Thing, belongings_of
from tenants.access import Actor, action
from tenants.actions.handing_over import hand_over_account, hand_over_lead
from tenants.actions.tokens import revoke_token
from tenants.models import Invitation, Membership
from tenants.permissions import PERMISSION_LABELS, Permission
from tenants.resolving import actor_for_member


class NothingToHandOver(Refusal):
    code = "nothing-to-hand-over"


@action(Permission.MEMBER_MANAGE)
def hand_over(
    member: Membership,
    *,
    actor: Actor,
    at: datetime,
    to: Mapping[Thing, Membership],
    ends_tokens: bool = False,
) -> list[Belongings]:
    """Give each kind to its successor, and end tokens, which work for nobody else.

    Raises NothingToHandOver, NotPermitted for a successor who may not look after it.
    """
    owned = belongings_of(member, actor=actor, at=at)
    given = [one for one in owned if one.can_change_hands and one.thing in to]
    ended = [one for one in owned if one.thing == Thing.TOKENS and ends_tokens]
    if not given and not ended:
        raise NothingToHandOver(_("There is nothing to hand over."))
    for one in given:
        _refuse_unfit(member, to[one.thing], one, at=at)
        _give(one, member, to[one.thing], actor=actor)
    for token in (row for one in ended for row in one.rows):
        revoke_token(token, actor=actor, at=at)
    for successor in {to[one.thing].pk: to[one.thing] for one in given}.values():
        things = [one for one in given if to[one.thing].pk == successor.pk]
        _record(member, successor, things, actor=actor)
    return [*given, *ended]


def _refuse_unfit(
    member: Membership, successor: Membership, owned: Belongings, *, at: datetime
) -> None:
    if successor.pk == member.pk:
        raise NotPermitted(_("Choose somebody else than the present owner."))
    if not successor.is_active(at=at):
        raise NotPermitted(_("%(name)s has no access at present.") % {"name": successor})
    wanted = owned.kind.needs
    if wanted is not None and not actor_for_member(successor).may(wanted):
        raise NotPermitted(
            _("%(name)s may not look after it: their role does not include “%(right)s”.")
            % {"name": successor, "right": PERMISSION_LABELS[wanted]}
        )


def _give(owned: Belongings, member: Membership, successor: Membership, *, actor: Actor) -> None:
    if owned.thing == Thing.INVITATIONS:
        # Counted as the successor's, they outlast whoever sent them.
        sent = Invitation.objects.filter(pk__in=[row.pk for row in owned.rows])
        sent.update(invited_by=successor)
        return
    for row in owned.rows:
        if owned.thing == Thing.INTEGRATIONS:
            change_integration(row, actor=actor, name=row.name, owner=successor)
        elif owned.thing == Thing.SERVICE_ACCOUNTS:
            hand_over_account(row, actor=actor, successor=successor)
        else:
            hand_over_lead(row, actor=actor, leader=member, successor=successor)


def _record(
    member: Membership, successor: Membership, things: list[Belongings], *, actor: Actor
) -> None:
    said = ", ".join(f"{len(owned.rows)} {owned.thing}" for owned in things)
    record(
        EventName.OWNERSHIP_HANDED_OVER,
        actor=actor,
        target=member,
        private={"successor": str(successor)},
        things=said,
    )
