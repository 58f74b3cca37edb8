"""What people add to the frame: entries of the side bar and a group of search results."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.people.inheriting import hand_overs_waiting
from portal.people.leavers import SOURCE
from portal.tickets.sources import Source, register_source
from portal.ui import navigation, searching, waiting
from portal.ui.navigation import NavItem
from portal.ui.searching import Found, Provider
from tenants.access import Actor
from tenants.models import Membership, Team
from tenants.permissions import Permission

LEAVERS = _("List of leavers")
WORK, ORGANIZATION, STAFF = "", _("Organization"), _("Our team")


def find_members(actor: Actor, text: str, limit: int) -> Sequence[Found]:
    """People by name or address, for those who may open their pages."""
    if not actor.may(Permission.MEMBER_VIEW):
        return []
    rows = Membership.objects.visible_to(actor).matching(text)
    slug = actor.organization.slug
    return [
        Found(
            title=str(row),
            url=reverse("member-show", args=[slug, row.pk]),
            detail=f"{row.email} · {row.role_label}",
        )
        for row in rows.select_related("custom_role").order_by("name", "id")[:limit]
    ]


def find_teams(actor: Actor, text: str, limit: int) -> Sequence[Found]:
    if not actor.may(Permission.TEAM_VIEW):
        return []
    rows = Team.objects.visible_to(actor).filter(name__icontains=text).order_by("name", "id")
    slug = actor.organization.slug
    return [
        Found(
            title=row.name,
            url=reverse("team-show", args=[slug, row.pk]),
            detail=row.description,
        )
        for row in rows[:limit]
    ]


ITEMS = (
    NavItem(
        section=WORK,
        label=_("People"),
        url_name="member-list",
        icon="users",
        permission=Permission.MEMBER_VIEW,
        order=40,
    ),
    NavItem(
        section=WORK,
        label=_("Teams"),
        url_name="team-list",
        icon="users-round",
        permission=Permission.TEAM_VIEW,
        order=50,
    ),
    NavItem(
        section=ORGANIZATION,
        label=_("Roles"),
        url_name="role-list",
        icon="shield-user",
        permission=Permission.ROLE_VIEW,
        order=610,
    ),
    NavItem(
        section=ORGANIZATION,
        label=_("API tokens"),
        url_name="token-list",
        icon="key-round",
        permission=Permission.TOKEN_ISSUE,
        order=630,
    ),
    NavItem(
        section=ORGANIZATION,
        label=_("Service accounts"),
        url_name="service-account-list",
        icon="bot",
        permission=Permission.SERVICE_ACCOUNT_MANAGE,
        order=635,
    ),
    NavItem(
        section=ORGANIZATION,
        label=_("Policies"),
        url_name="policy-show",
        icon="sliders-horizontal",
        permission=Permission.POLICY_VIEW,
        order=640,
    ),
    NavItem(
        section=STAFF,
        label=_("People"),
        url_name="console-member-list",
        icon="users",
        permission=Permission.MEMBER_VIEW,
        order=610,
        area="console",
    ),
    NavItem(
        section=STAFF,
        label=_("API tokens"),
        url_name="console-token-list",
        icon="key-round",
        permission=Permission.TOKEN_ISSUE,
        order=620,
        area="console",
    ),
)

waiting.register(hand_overs_waiting)
register_source(SOURCE, lambda _ticket, _actor: Source(str(LEAVERS)), label=LEAVERS)
for item in ITEMS:
    navigation.register(item)
searching.register(Provider(label=_("People"), icon="users", order=20, search=find_members))
searching.register(Provider(label=_("Teams"), icon="users-round", order=21, search=find_teams))
