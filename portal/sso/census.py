"""Everybody of the organization with what decides how they come in, in few and equal queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import OuterRef, Q, QuerySet, Subquery

from portal.sso.models import ClosedIdentity, Connection, Domain
from portal.sso.refusals import Reason
from portal.sso.rules import domain_of, subject_digest
from portal.sso.standing import FACTORS, Standing, is_in_charge, place_of, refusal_of
from tenants.models import Entry, Membership, TeamMember
from tenants.scoping import system_scope

LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True)
class Person:
    """A member, when and how they came in, and what they could come in with."""

    member: Membership
    came_at: datetime | None
    came_by: str
    has_password: bool
    has_second_factor: bool
    # Connection -> why it would turn them away; None where it would let them in.
    refusals: Mapping[UUID, Reason | None] = field(default_factory=dict)
    # Connections that have signed them in before.
    known_to: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Census:
    people: list[Person]
    connections: list[Connection]


def take_census(*, at: datetime) -> Census:
    """Active members, and whoever came in during the last 30 days and has left since."""
    connections = list(Connection.objects.in_use().order_by("created_at"))
    rows = _rows(at=at)
    books = _Books(connections, at=at)
    return Census([books.person(member) for member in rows], connections)


def _rows(*, at: datetime) -> QuerySet[Membership]:
    newest = Entry.objects.filter(
        membership=OuterRef("pk"), authenticated_at__gt=at - LOOKED_BACK
    ).order_by("-authenticated_at")
    return (
        Membership.objects.select_related("user", "custom_role")
        .annotate(
            came_at=Subquery(newest.values("authenticated_at")[:1]),
            came_by=Subquery(newest.values("method")[:1]),
        )
        .filter(Q(status=Membership.Status.ACTIVE) | Q(came_at__isnull=False))
        .order_by("name", "id")
    )


class _Books:
    """The rows that every person is looked up in."""

    def __init__(self, connections: Iterable[Connection], *, at: datetime) -> None:
        self.connections, self.at = list(connections), at
        held = dict(Domain.objects.held().values_list("name", "verified_at"))
        self.held = set(held)
        self.domains = {name for name, proven in held.items() if proven is not None}
        self.subjects = self._subjects()
        self.cut = self._cut()
        self.elsewhere = _members_elsewhere()
        self.teams = _team_permissions()
        users = Membership.objects.filter(user__isnull=False).values("user_id")
        self.guarded = set(
            Authenticator.objects.filter(type__in=FACTORS, user_id__in=users).values_list(
                "user_id", flat=True
            )
        )

    def _subjects(self) -> Mapping[tuple[UUID, UUID], list[str]]:
        """(user, connection) -> the subjects it has signed in."""
        by_provider = {c.provider_id: c.pk for c in self.connections}
        found: dict[tuple[UUID, UUID], list[str]] = defaultdict(list)
        rows = SocialAccount.objects.filter(provider__in=by_provider)
        for user_id, provider, uid in rows.values_list("user_id", "provider", "uid"):
            found[user_id, by_provider[provider]].append(uid)
        return found

    def _cut(self) -> set[str]:
        rows = ClosedIdentity.objects.select_related("membership")
        return {row.subject_digest for row in rows if not row.membership.is_active(at=self.at)}

    def person(self, member: Membership) -> Person:
        user, came = member.user, vars(member)
        return Person(
            member=member,
            came_at=came["came_at"],
            came_by=came["came_by"] or "",
            has_password=user is not None and user.has_usable_password(),
            has_second_factor=member.user_id in self.guarded,
            refusals={
                c.pk: refusal_of(self._standing(member, c), may_join=False)
                for c in self.connections
            },
            known_to=frozenset(c.pk for c in self.connections if self._uids(member, c)),
        )

    def _standing(self, member: Membership, connection: Connection) -> Standing:
        uids = self._uids(member, connection)
        digests = {subject_digest(connection.provider_id, uid) for uid in uids if self.cut}
        return Standing(
            domain_is_proven=domain_of(member.email) in (self.held if uids else self.domains),
            link_is_cut=bool(digests & self.cut),
            is_known=bool(uids),
            place=place_of(member, at=self.at),
            is_member_elsewhere=member.user_id in self.elsewhere,
            has_account=True,
            is_charge_unproven=not uids and self._is_charge_unproven(member),
        )

    def _is_charge_unproven(self, member: Membership) -> bool:
        """As the sign-in itself would find it, in a browser that knows nobody."""
        user = member.user
        if user is None or user.pk in self.guarded:
            return False
        has_another = user.has_usable_password() or any(
            self._uids(member, connection) for connection in self.connections
        )
        return has_another and is_in_charge(member, self.teams.get(member.pk, ()))

    def _uids(self, member: Membership, connection: Connection) -> list[str]:
        if member.user_id is None:
            return []
        return self.subjects.get((member.user_id, connection.pk), [])


def _team_permissions() -> Mapping[UUID, list[list[str]]]:
    """What each member's teams allow beyond the role; most teams allow nothing."""
    found: dict[UUID, list[list[str]]] = defaultdict(list)
    rows = TeamMember.objects.exclude(team__permissions=[])
    for member_id, permissions in rows.values_list("membership", "team__permissions"):
        found[member_id].append(permissions)
    return found


def _members_elsewhere() -> set[UUID | None]:
    """Accounts of this organization that another one has as well."""
    ours = Membership.objects.filter(user__isnull=False)
    mine = ours.values("user_id")
    with system_scope("other organizations of a person"):
        rows = Membership.unscoped.filter(user_id__in=mine)
        others = rows.exclude(organization_id__in=ours.values("organization_id"))
        return set(others.values_list("user_id", flat=True))
