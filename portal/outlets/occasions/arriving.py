"""Letters about arrivals: somebody new by single sign-on, and a browser not seen before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.utils.translation import gettext as _

from audit.models import Event
from audit.names import EventName
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from tenants.models import Entry, Membership
from tenants.permissions import Permission
from tenants.resolving import workspaces_of
from tenants.scoping import organization_scope

BY_SINGLE_SIGN_ON = frozenset({"saml", "google", "microsoft", "oidc"})
REMEMBERED = timedelta(days=90)


def _came_by_itself(event: Event) -> bool:
    """Nobody invited this person, so nobody expects them yet."""
    return event.facts.get("source") in BY_SINGLE_SIGN_ON


def _newcomer(event: Event, at: datetime) -> Sequence[str]:
    return list(to.target(event, at)) if _came_by_itself(event) else []


def _admins(event: Event, at: datetime) -> Sequence[str]:
    if not _came_by_itself(event):
        return []
    newcomer = set(to.target(event, at))
    return [key for key in to.holders(Permission.MEMBER_MANAGE)(event, at) if key not in newcomer]


def _member(now: Situation) -> Membership | None:
    rows = Membership.objects.select_related("custom_role")
    return rows.filter(pk=to.subject_of(now.event)).first()


def _write_welcome(now: Situation) -> Letter | None:
    member = _member(now)
    if member is None:
        return None
    return Letter(
        subject=_("You are in the workspace of %(name)s") % {"name": now.organization.name},
        text=[
            _("your first single sign-on made you a member. Next time it leads straight in."),
            _("If that was not you: tell your workspace's security officer."),
        ],
        facts=[
            (_("Role"), member.role_label),
            (_("When"), utc(now.event.occurred_at)),
        ],
        link=address_of("home-show", now.slug),
        link_label=_("Open the workspace"),
    )


def _write_arrival(now: Situation) -> Letter | None:
    member = _member(now)
    if member is None:
        return None
    return Letter(
        subject=_("%(who)s joined by single sign-on") % {"who": member},
        text=[
            _("your policy lets employees in at their first single sign-on, so nobody was asked."),
            _("Their role and teams follow your defaults and the mapping of their groups."),
        ],
        facts=[
            (_("Who"), f"{member} ({member.email})"),
            (_("Role"), member.role_label),
            (_("When"), utc(now.event.occurred_at)),
        ],
        link=address_of("member-show", now.slug, member.pk),
        link_label=_("See the person"),
    )


def _from_somewhere_new(event: Event, at: datetime) -> list[str]:
    """The person, when neither this browser from this network nor a first sign-in explains it.

    A session lets itself into several workspaces at once; the first of them writes.
    """
    entry = Entry.objects.select_related("membership").filter(pk=to.subject_of(event)).first()
    if entry is None or entry.membership.user_id is None or _is_known(entry):
        return []
    for member in workspaces_of(entry.membership.user_id, at=at):
        with organization_scope(member.organization_id):
            same = Entry.objects.filter(session_key=entry.session_key, membership=member)
            if same.exists():
                is_first = member.pk == entry.membership_id
                return to.person(entry.membership_id) if is_first else []
    return []


def _is_known(entry: Entry) -> bool:
    earlier = Entry.objects.filter(
        membership=entry.membership_id,
        authenticated_at__lt=entry.authenticated_at,
        authenticated_at__gte=entry.authenticated_at - REMEMBERED,
    )
    seen = list(earlier.values_list("device", "address"))
    here = (entry.device, _network(entry.address))
    return not seen or any((device, _network(address)) == here for device, address in seen)


def _network(address: str | None) -> str:
    """Addresses change every night; the network around them seldom does."""
    if not address:
        return ""
    return str(ip_network(f"{address}/{48 if ':' in address else 16}", strict=False))


def _write_new_device(now: Situation) -> Letter | None:
    entry = Entry.objects.filter(pk=to.subject_of(now.event)).first()
    if entry is None:
        return None
    return Letter(
        subject=_("A sign-in from somewhere new"),
        text=[
            _("you signed in with a browser or from a place not seen in the last 90 days."),
            _("If that was you, there is nothing to do. If not: sign it out, and tell your admin."),
        ],
        facts=[
            (_("Browser"), entry.device or _("unknown")),
            (_("From address"), entry.address or _("unknown")),
            (_("By"), str(entry.get_method_display())),
            (_("When"), utc(entry.authenticated_at)),
        ],
        link=address_of("device-list"),
        link_label=_("See your devices"),
    )


_ADMITTED = frozenset({EventName.MEMBER_ADMITTED})
OCCASIONS = (
    Occasion(letter="welcome", names=_ADMITTED, choose=_newcomer, write=_write_welcome),
    Occasion(letter="member-arrived", names=_ADMITTED, choose=_admins, write=_write_arrival),
    Occasion(
        letter="new-device",
        names=frozenset({EventName.ENTRY_OPENED}),
        choose=_from_somewhere_new,
        write=_write_new_device,
    ),
)
