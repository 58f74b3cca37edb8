"""Who may see which rows, told a second time: plain Python over the bare rows of the tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from portal.catalog.models import Integration, Resource, TeamAccess, TeamResourceAccess
from tenants.models import Membership, Role, Team, TeamMember
from tenants.permissions import ROLE_PERMISSIONS
from tenants.scoping import TenantModel, system_scope

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    resources: frozenset[UUID] = frozenset()
    integrations: frozenset[UUID] = frozenset()
    teams: frozenset[UUID] = frozenset()
    held: frozenset[str] = frozenset()


def seen_by(person: UUID) -> Seen:
    """What the holder of this membership sees, by the rules as the documentation tells them."""
    rows = {model: _rows(model) for model in _TABLES}
    member = next(row for row in rows[Membership] if row["id"] == person)
    if not _is_in(member):
        return Seen()
    home = member["organization_id"]
    mine = {
        model: [r for r in all_ if r["organization_id"] == home] for model, all_ in rows.items()
    }
    places = {row["team_id"] for row in mine[TeamMember] if row["membership_id"] == person}
    held = _held(member, mine[Role], [row for row in mine[Team] if row["id"] in places])
    return Seen(
        resources=_resources(mine, held, places if "catalog:view" in held else set()),
        integrations=_integrations(mine, held, places if "catalog:view" in held else set()),
        teams=_teams(mine[Team], held, places),
        held=held,
    )


_TABLES: tuple[type[TenantModel], ...] = (
    Membership, Role, Team, TeamMember, Integration, Resource, TeamAccess, TeamResourceAccess,
)  # fmt: skip


def _rows(model: type[TenantModel]) -> list[Row]:
    with system_scope("test"):
        return list(model.unscoped.values())


def _is_in(member: Row) -> bool:
    ends = member["access_ends_at"]
    return member["status"] == "active" and (ends is None or ends > timezone.now())


def _held(member: Row, roles: Iterable[Row], teams: Iterable[Row]) -> frozenset[str]:
    custom = [set(row["permissions"]) for row in roles if row["id"] == member["custom_role_id"]]
    held = custom[0] if custom else {str(each) for each in ROLE_PERMISSIONS[member["role"]]}
    held = held.union(*(row["permissions"] for row in teams))
    return frozenset(held | {"catalog:view"} if "catalog:view_all" in held else held)


def _resources(mine: Mapping[Any, list[Row]], held: frozenset[str], teams: set[UUID]) -> Any:
    whole = {row["integration_id"] for row in mine[TeamAccess] if row["team_id"] in teams}
    single = {row["resource_id"] for row in mine[TeamResourceAccess] if row["team_id"] in teams}
    return frozenset(
        row["id"]
        for row in mine[Resource]
        if "catalog:view_all" in held or row["integration_id"] in whole or row["id"] in single
    )


def _integrations(mine: Mapping[Any, list[Row]], held: frozenset[str], teams: set[UUID]) -> Any:
    given = {
        row["integration_id"]
        for model in (TeamAccess, TeamResourceAccess)
        for row in mine[model]
        if row["team_id"] in teams
    }
    all_of_them = bool(held & {"catalog:view_all", "integration:manage", "audit:view"})
    return frozenset(row["id"] for row in mine[Integration] if all_of_them or row["id"] in given)


def _teams(teams: Iterable[Row], held: frozenset[str], places: set[UUID]) -> frozenset[UUID]:
    return frozenset(
        row["id"]
        for row in teams
        if "team:manage" in held
        or row["id"] in places
        or ("team:view" in held and row["visibility"] == "public")
    )
