"""What a request will take from whom, worked out before anybody commits to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.tickets.holders import Holder
from portal.tickets.plans import Preview
from portal.tickets.remaining import stays
from portal.tickets.rules import Scope
from portal.tickets.stores import INTEGRATION, goes
from portal.tickets.subjects import Subject, Wish
from tenants.access import Actor
from tenants.models import (
    ApiToken,
    Entry,
    Invitation,
    Membership,
    Policy,
    ServiceAccount,
    ServiceAccountPlace,
    Team,
    TeamMember,
)

NAMED = 5


@dataclass(frozen=True, slots=True)
class DeletionEffect:
    """What a deletion takes and leaves, with counts as of now, and the time to think again."""

    scope: Scope
    label: str
    goes: list[Preview]
    stays: list[tuple[str, str]]
    policy: Policy


def effect_of(wish: Wish, subject: Subject) -> DeletionEffect:
    return DeletionEffect(
        scope=wish.scope,
        label=subject.label,
        goes=goes(wish.scope, subject.id),
        stays=[(str(what), str(why)) for what, why in stays(wish.scope, subject.id)],
        policy=Policy.objects.get(),
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of the preview: an icon, what happens, and to what by name."""

    icon: str
    text: str
    detail: str = ""


def effects_of_ending(holder: Holder, at: datetime, *, actor: Actor) -> list[Effect]:
    if isinstance(holder, ServiceAccount):
        return effects_of_stopping(holder, at, actor=actor)
    return effects_of_revoking(holder, at, actor=actor)


def effects_of_stopping(account: ServiceAccount, at: datetime, *, actor: Actor) -> list[Effect]:
    """Tokens, role and teams of a machine; its name is free again."""
    places = ServiceAccountPlace.objects.filter(service_account=account).select_related("team")
    seen = places.filter(team__in=Team.objects.visible_to(actor))
    return [
        _stopping(ApiToken.objects.usable(at=at).filter(service_account=account)),
        _given_up(account.role_label, [place.team.name for place in seen]),
        Effect("trash-2", _("The account is deleted; what it did keeps its name")),
    ]


def effects_of_revoking(member: Membership, at: datetime, *, actor: Actor) -> list[Effect]:
    """Sessions, tokens, sign-in, role, teams, invitations and what the person owns."""
    return [
        _sessions(member),
        _tokens(member, at),
        Effect("log-in", _("Sign-in to this workspace is refused, by password and by SSO")),
        _places(member, actor),
        *_invitations(member, at),
        *_owned(member),
        *_machines(member),
    ]


def _sessions(member: Membership) -> Effect:
    devices = [e.device for e in Entry.objects.open().filter(membership=member)]
    count = len(devices)
    text = ngettext("%(n)d session ends", "%(n)d sessions end", count) % {"n": count}
    return Effect("monitor-x", text, _short([device for device in devices if device]))


def _tokens(member: Membership, at: datetime) -> Effect:
    return _stopping(ApiToken.objects.usable(at=at).filter(owner=member))


def _stopping(tokens: Iterable[ApiToken]) -> Effect:
    names = [str(token) for token in tokens]
    count = len(names)
    text = ngettext("%(n)d API token stops working", "%(n)d API tokens stop working", count) % {
        "n": count
    }
    return Effect("key-round", text, _short(names))


def _places(member: Membership, actor: Actor) -> Effect:
    """The role, and the teams that this actor may know of."""
    places = TeamMember.objects.filter(membership=member).select_related("team")
    places = places.filter(team__in=Team.objects.visible_to(actor))
    return _given_up(member.role_label, [place.team.name for place in places])


def _given_up(role: str, names: list[str]) -> Effect:
    text = _("The role “%(role)s” is taken away") % {"role": role}
    teams = _("Teams: %(teams)s") % {"teams": _short(names)} if names else ""
    return Effect("user-x", text, teams)


def _invitations(member: Membership, at: datetime) -> list[Effect]:
    count = Invitation.objects.open(at=at).filter(invited_by=member).count()
    if not count:
        return []
    text = ngettext(
        "%(n)d invitation they sent is cancelled",
        "%(n)d invitations they sent are cancelled",
        count,
    ) % {"n": count}
    return [Effect("mail-x", text)]


def _owned(member: Membership) -> list[Effect]:
    rows = apps.get_model(INTEGRATION).objects.filter(owner=member).order_by("name")
    names = list(rows.values_list("name", flat=True))
    if not names:
        return []
    text = ngettext(
        "%(n)d integration gets another owner, or what you choose below",
        "%(n)d integrations get another owner, or what you choose below",
        len(names),
    ) % {"n": len(names)}
    return [Effect("database", text, _short(names))]


def _machines(member: Membership) -> list[Effect]:
    """Whoever relies on these loses them too: a machine may no more than who answers for it."""
    rows = ServiceAccount.objects.filter(owner=member, deleted_at=None).order_by("name")
    names = list(rows.values_list("name", flat=True))
    if not names:
        return []
    text = ngettext(
        "%(n)d service account stops, until somebody else answers for it",
        "%(n)d service accounts stop, until somebody else answers for them",
        len(names),
    ) % {"n": len(names)}
    return [Effect("bot", text, _short(names))]


def _short(names: list[str]) -> str:
    more = len(names) - NAMED
    shown = ", ".join(names[:NAMED])
    return _("%(names)s and %(more)d more") % {"names": shown, "more": more} if more > 0 else shown
