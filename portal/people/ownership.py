"""What a person owns: who looks at it, and what would be left without anybody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.catalog.models import Integration
from tenants.access import Actor
from tenants.models import ApiToken, Invitation, Membership, ServiceAccount, Team, TeamMember
from tenants.permissions import Permission

SHOWN: Final = 200


class Thing(StrEnum):
    INTEGRATIONS = "integrations"
    SERVICE_ACCOUNTS = "service_accounts"
    TEAMS = "teams"
    INVITATIONS = "invitations"
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of thing reads, and what somebody must hold to be given it."""

    label: str | Promise
    icon: str
    url_name: str = ""
    needs: Permission | None = None


KINDS: Final = {
    Thing.INTEGRATIONS: Kind(
        _("Integrations"), "plug", "integration-show", Permission.INTEGRATION_MANAGE
    ),
    Thing.SERVICE_ACCOUNTS: Kind(
        _("Service accounts"), "bot", "", Permission.SERVICE_ACCOUNT_MANAGE
    ),
    Thing.TEAMS: Kind(_("Teams they lead"), "users-round", "team-show", Permission.TEAM_VIEW),
    Thing.INVITATIONS: Kind(_("Open invitations they sent"), "mail", "", Permission.MEMBER_INVITE),
    # A token is a secret that only its holder has: it cannot change hands.
    Thing.TOKENS: Kind(_("API tokens"), "key-round"),
}


@dataclass(frozen=True, slots=True)
class Belongings:
    """The things of one kind that one person owns."""

    thing: Thing
    rows: Sequence[Any]

    @property
    def kind(self) -> Kind:
        return KINDS[self.thing]

    @property
    def can_change_hands(self) -> bool:
        return self.kind.needs is not None

    @property
    def names(self) -> list[str]:
        return [str(row) for row in self.rows]


def belongings_of(member: Membership, *, actor: Actor, at: datetime) -> list[Belongings]:
    """What the actor may know of it, by kind; kinds without anything are left out."""
    found = {thing: list(rows[:SHOWN]) for thing, rows in _rows(member, actor, at)}
    return [Belongings(thing, rows) for thing, rows in found.items() if rows]


def _rows(member: Membership, actor: Actor, at: datetime) -> Iterator[tuple[Thing, QuerySet[Any]]]:
    integrations = Integration.objects.visible_to(actor).filter(owner=member)
    yield Thing.INTEGRATIONS, integrations.order_by("name", "id")
    accounts = ServiceAccount.objects.visible_to(actor).filter(owner=member)
    yield Thing.SERVICE_ACCOUNTS, accounts.filter(deleted_at__isnull=True).order_by("name", "id")
    led = TeamMember.objects.filter(membership=member, is_lead=True).values("team_id")
    yield Thing.TEAMS, Team.objects.visible_to(actor).filter(pk__in=led).order_by("name", "id")
    sent = Invitation.objects.visible_to(actor).open(at=at).filter(invited_by=member)
    yield Thing.INVITATIONS, sent.order_by("email", "id")
    tokens = ApiToken.objects.visible_to(actor).usable(at=at).filter(owner=member)
    yield Thing.TOKENS, tokens.filter(service_account__isnull=True).order_by("name", "id")
