"""Service accounts and tokens as lists: what each row shows, and how they are narrowed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.refusals import Invalid
from tenants.access import Actor
from tenants.actions.tokens import OVERLAPS
from tenants.models import ApiToken, ServiceAccount, ServiceAccountPlace, Team
from tenants.models.service_accounts import ServiceAccountQuerySet

ACCOUNT_ORDER = ("name", "id")
EXPIRING_SOON: Final = timedelta(days=14)
UNUSED_FOR: Final = timedelta(days=90)
ACCOUNT_STATES: Final = {
    "active": gettext_lazy("Active"),
    "suspended": gettext_lazy("Suspended"),
    "ended": gettext_lazy("Access has ended"),
    "deleted": gettext_lazy("Deleted"),
}
OVERLAP: Final = dict(zip(("now", "1h", "24h", "7d"), OVERLAPS, strict=True))
TOKEN_STATES: Final = {
    "active": gettext_lazy("Works"),
    "replaced": gettext_lazy("Replaced, still works"),
    "expired": gettext_lazy("Expired"),
    "revoked": gettext_lazy("Revoked"),
}
TOKEN_USES: Final = {
    "expiring": gettext_lazy("Ends within 14 days"),
    "never": gettext_lazy("Never used"),
    "unused": gettext_lazy("Not used for 90 days"),
}


def accounts_for(actor: Actor, *, at: datetime) -> ServiceAccountQuerySet:
    """Service accounts with the teams this actor may know of and the number of live tokens."""
    places = ServiceAccountPlace.objects.filter(team__in=Team.objects.visible_to(actor))
    rows: ServiceAccountQuerySet = (
        ServiceAccount.objects.visible_to(actor)
        .select_related("owner", "custom_role")
        .annotate(live=Count("tokens", filter=_usable(at)))
        .prefetch_related(
            Prefetch(
                "places",
                queryset=places.select_related("team").order_by("team__name"),
                to_attr="seen_places",
            )
        )
    )
    return rows


def accounts_in(
    rows: ServiceAccountQuerySet, wanted: Mapping[str, Any], *, at: datetime
) -> ServiceAccountQuerySet:
    """Apply the list's filters; without a state, what was deleted is left out."""
    if text := wanted.get("q"):
        rows = rows.filter(Q(name__icontains=text) | Q(description__icontains=text))
    stands = Q(access_ends_at=None) | Q(access_ends_at__gt=at)
    stands &= Q(blocked_from=None) | Q(blocked_from__gt=at)
    states = {
        "active": Q(deleted_at=None, suspended_at=None) & stands,
        "suspended": Q(deleted_at=None, suspended_at__isnull=False),
        "ended": Q(deleted_at=None, access_ends_at__lte=at),
        "deleted": Q(deleted_at__isnull=False),
    }
    return rows.filter(states.get(wanted.get("state") or "", Q(deleted_at=None)))


def chosen_teams(
    ids: Iterable[UUID], *, actor: Actor, account: ServiceAccount | None = None
) -> list[Team]:
    """The teams named, and those of the account that the actor does not see. Raises Invalid."""
    wanted = set(ids)
    seen = Team.objects.visible_to(actor)
    found = list(seen.filter(pk__in=wanted))
    if len(found) != len(wanted):
        raise Invalid(_("Some fields do not hold."), {"teams": _("Not a team here.")})
    if account is None:
        return found
    hidden = Team.objects.filter(service_places__service_account=account)
    return found + list(hidden.exclude(pk__in=seen.values("pk")))


def tokens_in(
    rows: QuerySet[ApiToken], wanted: Mapping[str, Any], *, at: datetime
) -> QuerySet[ApiToken]:
    """Apply the list's filters: name or prefix, holder, kind, state, use."""
    if text := wanted.get("q"):
        rows = rows.filter(Q(name__icontains=text) | Q(prefix__startswith=text[:12]))
    if kind := wanted.get("kind"):
        rows = rows.filter(kind=kind)
    if holder := wanted.get("holder"):
        person = Q(owner=holder, service_account__isnull=True)
        rows = rows.filter(person | Q(service_account=holder))
    for field, filters in (("state", _BY_STATE), ("use", _BY_USE)):
        if value := wanted.get(field):
            rows = rows.filter(filters[value](at))
    return rows


def _usable(at: datetime) -> Q:
    return Q(tokens__revoked_at__isnull=True, tokens__expires_at__gt=at)


def _lives(at: datetime) -> Q:
    return Q(revoked_at__isnull=True, expires_at__gt=at)


def _unused(at: datetime) -> Q:
    """What was never used counts from the day on which it was made."""
    since = at - UNUSED_FOR
    unseen = Q(last_used_at__lt=since) | Q(last_used_at__isnull=True, created_at__lt=since)
    return _lives(at) & unseen


_Filters = Mapping[str, Callable[[datetime], Q]]
_BY_STATE: Final[_Filters] = {
    "active": lambda at: _lives(at) & Q(rotated_at__isnull=True),
    "replaced": lambda at: _lives(at) & Q(rotated_at__isnull=False),
    "expired": lambda at: Q(revoked_at__isnull=True, expires_at__lte=at),
    "revoked": lambda _at: Q(revoked_at__isnull=False),
}
_BY_USE: Final[_Filters] = {
    "expiring": lambda at: _lives(at) & Q(expires_at__lte=at + EXPIRING_SOON),
    "never": lambda at: _lives(at) & Q(last_used_at__isnull=True),
    "unused": _unused,
}
