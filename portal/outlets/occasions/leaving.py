"""The letter about an access that ends soon, to the person and to those who could move the end."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from audit.models import Event
from audit.names import EventName
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from tenants.models import Membership
from tenants.permissions import Permission


def _ending(now: Situation) -> Membership | None:
    """The person, unless the end was lifted or moved since the notice."""
    member = Membership.objects.filter(pk=to.subject_of(now.event)).first()
    if member is None or member.access_ends_at is None:
        return None
    same = member.access_ends_at.isoformat() == now.event.facts.get("ends_at")
    return member if same else None


def _admins(event: Event, at: datetime) -> Sequence[str]:
    leaving = set(to.target(event, at))
    return [key for key in to.holders(Permission.MEMBER_MANAGE)(event, at) if key not in leaving]


def _write_to_person(now: Situation) -> Letter | None:
    member = _ending(now)
    if member is None:
        return None
    return Letter(
        subject=_("Your access to %(name)s ends soon") % {"name": now.organization.name},
        text=[
            _("your access was given for a time, and that time is nearly over."),
            _("If you need it longer, ask an admin of the workspace to move the end."),
        ],
        facts=[(_("Ends"), utc(member.access_ends_at))],
        link=address_of("home-show", now.slug),
        link_label=_("Open the workspace"),
    )


def _write_to_admins(now: Situation) -> Letter | None:
    member = _ending(now)
    if member is None:
        return None
    return Letter(
        subject=_("The access of %(who)s ends soon") % {"who": member},
        text=[
            _("an access that was given for a time ends by itself; there is nothing to do."),
            _("If they are to stay, move the end. What they look after can be handed over."),
        ],
        facts=[
            (_("Who"), f"{member} ({member.email})"),
            (_("Ends"), utc(member.access_ends_at)),
        ],
        link=address_of("member-show", now.slug, member.pk),
        link_label=_("See the person"),
    )


_NOTICED = frozenset({EventName.MEMBER_END_NOTICED})
OCCASIONS = (
    Occasion(letter="access-ends", names=_NOTICED, choose=to.target, write=_write_to_person),
    Occasion(letter="access-of-ends", names=_NOTICED, choose=_admins, write=_write_to_admins),
)
