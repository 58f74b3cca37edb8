"""What the directory adds to the registries of lower layers."""

from datetime import datetime, timedelta
from importlib import import_module

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.directory.braking import SOURCE
from portal.directory.models import (
    DirectoryCall,
    DirectoryGroup,
    DirectoryHold,
    DirectoryToken,
    DirectoryUser,
    HeldChange,
)
from portal.directory.rules import HoldStatus
from portal.people.notes import Note
from portal.people.notes import register as register_note
from portal.tickets.models import Ticket
from portal.tickets.sources import Source, register_source
from portal.ui import navigation, waiting
from portal.ui.navigation import NavItem
from portal.ui.waiting import WaitingItem
from tenants import givers
from tenants.access import Actor
from tenants.models import Membership
from tenants.permissions import Permission

ENDS_SOON = timedelta(days=30)


def held_badge(actor: Actor) -> int | None:
    if not actor.may(Permission.SSO_MANAGE):
        return None
    return HeldChange.objects.filter(hold__status=HoldStatus.WAITING).count() or None


def waiting_in_directory(actor: Actor, at: datetime) -> list[WaitingItem]:
    """Removals that wait for a decision, and tokens that are about to end."""
    if not actor.may(Permission.SSO_MANAGE):
        return []
    return [*_held(actor), *_ending(actor, at)]


def _held(actor: Actor) -> list[WaitingItem]:
    hold = DirectoryHold.objects.filter(status=HoldStatus.WAITING).first()
    if hold is None:
        return []
    count = hold.changes.count()
    words = ngettext(
        "Decide: %(n)d removal by the identity provider is held",
        "Decide: %(n)d removals by the identity provider are held",
        count,
    )
    url = reverse("directory-hold-show", args=[actor.organization.slug, hold.pk])
    return [WaitingItem(title=words % {"n": count}, url=url, icon="users", since=hold.opened_at)]


def _ending(actor: Actor, at: datetime) -> list[WaitingItem]:
    usable = list(DirectoryToken.objects.usable(at=at).order_by("expires_at"))
    if not usable or usable[-1].expires_at > at + ENDS_SOON:
        return []
    last = usable[-1]
    return [
        WaitingItem(
            title=_("Replace the directory token “%(name)s” before it ends") % {"name": last.name},
            url=reverse("directory-show", args=[actor.organization.slug]),
            icon="key-round",
            since=last.expires_at - ENDS_SOON,
            due_at=last.expires_at,
        )
    ]


def source_of(ticket: Ticket, actor: Actor) -> Source:
    """The call that filed a request, for those who may see the directory."""
    call = DirectoryCall.objects.filter(filed=ticket.number).only("pk", "called_at").first()
    if call is None or not actor.may(Permission.SSO_VIEW):
        return Source(_("Directory"))
    url = reverse("directory-call-show", args=[actor.organization.slug, call.pk])
    return Source(_("Directory"), url, _("The SCIM call"))


def note_on(member: Membership, actor: Actor) -> list[Note]:
    """What the directory says about a member."""
    user = DirectoryUser.objects.filter(membership=member).first()
    if user is None or not actor.may(Permission.SSO_VIEW):
        return []
    state = _("active")
    if user.returning_at is not None:
        state = _("active again; access follows when the open request is done")
    elif not user.is_active:
        state = _("deactivated")
    url = reverse("directory-call-list", args=[actor.organization.slug])
    return [
        Note(
            label=_("Directory"),
            text=f"{user.user_name}, {state}",
            at=user.changed_at,
            url=f"{url}?member={member.pk}",
            link=_("Its calls"),
        )
    ]


navigation.register(
    NavItem(
        section=gettext_lazy("Organization"),
        label=gettext_lazy("Directory"),
        url_name="directory-show",
        icon="refresh-cw",
        permission=Permission.SSO_VIEW,
        order=625,
        badge=held_badge,
    )
)
waiting.register(waiting_in_directory)
register_source(SOURCE, source_of, label=gettext_lazy("Directory"))
register_note(note_on)
givers.register(
    "groups of the directory",
    lambda role: DirectoryGroup.objects.filter(custom_role=role).count(),
)
import_module("portal.directory.resources")
import_module("portal.directory.sweeps")
