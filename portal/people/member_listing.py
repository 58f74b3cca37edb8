"""The list of members: what each row shows, how it is narrowed, and in which order."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import DateTimeField, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from portal.people.listing import holds_role
from tenants.access import Actor
from tenants.models import Entry, Membership, Policy, Role, Team, TeamMember
from tenants.models.membership import MembershipQuerySet

MEMBER_ORDER = ("name", "id")
# Those never seen come before everybody who was, and a cursor knows no empty values.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": MEMBER_ORDER,
    "-seen": ("-seen_or_never", "-id"),
    "seen": ("seen_or_never", "id"),
    "-joined": ("-joined_at", "-id"),
    "joined": ("joined_at", "id"),
}
ORDER_LABELS: Final = {
    "name": _("Name"),
    "-seen": _("Last seen first"),
    "seen": _("Longest unseen first"),
    "-joined": _("Newest first"),
    "joined": _("Longest here first"),
}
ENDING_SOON: Final = timedelta(days=30)
USES: Final = {
    "unused": _("Unused for long"),
    "never": _("Never signed in"),
    "ending": _("Access ends within 30 days"),
    "ended": _("Access has ended"),
}


def members_for(actor: Actor) -> MembershipQuerySet:
    """Members with the teams this actor may know of and the way they last came in."""
    newest = Entry.objects.filter(membership=OuterRef("pk")).order_by("-authenticated_at")
    places = TeamMember.objects.filter(team__in=Team.objects.visible_to(actor))
    never = Value(_NEVER, output_field=DateTimeField())
    return (
        Membership.objects.visible_to(actor)
        .select_related("custom_role")
        .annotate(
            last_method=Subquery(newest.values("method")[:1]),
            seen_or_never=Coalesce(F("last_seen_at"), never),
        )
        .prefetch_related(
            Prefetch(
                "places",
                queryset=places.select_related("team").order_by("team__name"),
                to_attr="seen_places",
            )
        )
    )


def narrowed(
    rows: MembershipQuerySet, wanted: Mapping[str, Any] | None, *, actor: Actor, at: datetime
) -> MembershipQuerySet:
    """Apply the list's filters; what they name beyond one's sight, and None, finds nobody."""
    if wanted is None:
        return rows.none()
    for field in ("status", "source", "custom_role"):
        if value := wanted.get(field):
            rows = rows.filter(**{field: value})
    rows = rows.matching(wanted.get("q", ""))
    if role := wanted.get("role"):
        rows = rows.filter(holds_role(str(role)))
    if team := wanted.get("team"):
        rows = rows.filter(pk__in=_placed(team, actor))
    use = wanted.get("use")
    return _BY_USE[use](rows, at) if use else rows


def unknown_filters(wanted: Mapping[str, Any], *, actor: Actor) -> list[str]:
    """The filters that name a role or a team which is not there, or not to be seen."""
    named: dict[str, QuerySet[Any]] = {
        "custom_role": Role.objects.visible_to(actor),
        "team": Team.objects.visible_to(actor),
    }
    return [
        name
        for name, rows in named.items()
        if wanted.get(name) and not rows.filter(pk=wanted[name]).exists()
    ]


def _placed(team: Any, actor: Actor) -> QuerySet[TeamMember, Any]:
    places = TeamMember.objects.filter(team_id=team, team__in=Team.objects.visible_to(actor))
    return places.values("membership_id")


def _unused(rows: MembershipQuerySet, at: datetime) -> MembershipQuerySet:
    """Not seen for as long as the policy says; who never came counts from the day they joined."""
    since = at - Policy.objects.get().stale_after
    unseen = Q(last_seen_at__lt=since) | Q(last_seen_at__isnull=True, joined_at__lt=since)
    return rows.filter(unseen, status=Membership.Status.ACTIVE)


def _never(rows: MembershipQuerySet, _at: datetime) -> MembershipQuerySet:
    return rows.filter(last_seen_at__isnull=True, status=Membership.Status.ACTIVE)


def _ending(rows: MembershipQuerySet, at: datetime) -> MembershipQuerySet:
    return rows.filter(
        access_ends_at__gt=at,
        access_ends_at__lte=at + ENDING_SOON,
        status=Membership.Status.ACTIVE,
    )


def _ended(rows: MembershipQuerySet, at: datetime) -> MembershipQuerySet:
    return rows.filter(access_ends_at__lte=at, status=Membership.Status.ACTIVE)


_BY_USE: Final[Mapping[str, Callable[[MembershipQuerySet, datetime], MembershipQuerySet]]] = {
    "unused": _unused,
    "never": _never,
    "ending": _ending,
    "ended": _ended,
}
