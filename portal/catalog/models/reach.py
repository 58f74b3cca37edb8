"""What an actor's teams were given. Nothing else decides which rows of the catalogue one sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet

from tenants.access import Actor
from tenants.permissions import Permission


@dataclass(frozen=True, slots=True)
class Reach:
    """The whole catalogue, or the integrations and single resources of one's teams."""

    everything: bool
    every_integration: bool
    team_ids: tuple[UUID, ...]

    @classmethod
    def of(cls, actor: Actor) -> Self:
        everything = actor.may(Permission.CATALOG_VIEW_ALL)
        oversees = actor.may(Permission.INTEGRATION_MANAGE) or actor.may(Permission.AUDIT_VIEW)
        teams: Iterable[UUID] = actor.team_ids if actor.may(Permission.CATALOG_VIEW) else ()
        return cls(everything, everything or oversees, tuple(sorted(teams)))

    def integrations(self) -> QuerySet[Any, UUID]:
        return self._given("TeamAccess").values_list("integration_id", flat=True)

    def singles(self) -> QuerySet[Any, UUID]:
        return self._given("TeamResourceAccess").values_list("resource_id", flat=True)

    def integrations_of_singles(self) -> QuerySet[Any, UUID]:
        return self._given("TeamResourceAccess").values_list("integration_id", flat=True)

    def _given(self, model: str) -> QuerySet[Any]:
        rows: QuerySet[Any] = apps.get_model("catalog", model).objects.all()
        return rows.filter(team_id__in=self.team_ids)
