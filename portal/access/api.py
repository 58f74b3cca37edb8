"""Who can see what, and what a change would do, over the API."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid
from portal.access import serializers as shapes
from portal.access.effects import rehearse
from portal.access.machines import machines_that_see
from portal.access.questions import seers, what_can, who_can_see
from portal.access.showing import shown_effect
from portal.catalog.actions import set_resource_access, set_team_access
from portal.catalog.models import Integration, Resource
from portal.rest.routing import register, register_single
from portal.rest.views import PortalViewSet
from portal.ui.paging import keyset
from tenants.actions.guards import named_role
from tenants.actions.roles import change_role
from tenants.actions.suspending import suspend_member
from tenants.actions.teams import add_team_member, delete_team, remove_team_member
from tenants.models import Membership, Team
from tenants.permissions import Permission
from tenants.scoping import TenantModel

ORDER = ("name", "id")


class _SeenViewSet(PortalViewSet):
    permissions = {"retrieve": Permission.ACCESS_VIEW}
    parameters = {"retrieve": shapes.SeerQuery}
    outputs = {"retrieve": shapes.SeersOutput}

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Who can see it right now, with what level, and through which role or team."""
        thing, actor, at = self.get_object(), self.request.actor, self.request.at
        people = who_can_see(thing, actor=actor, at=at).matching(self.query["q"])
        page = keyset(people, order=ORDER, cursor=self.query["cursor"], size=self.query["size"])
        found = {
            "count": people.count(),
            "results": seers(page.rows, thing, actor=actor, at=at),
            "service_accounts": machines_that_see(thing, actor=actor, at=at),
            "next_cursor": page.next_cursor,
        }
        return self.answer(found)


class ResourceAccessViewSet(_SeenViewSet):
    model = Resource


class IntegrationAccessViewSet(_SeenViewSet):
    model = Integration


class MemberAccessViewSet(PortalViewSet):
    model = Membership
    permissions = {"retrieve": Permission.ACCESS_VIEW}
    outputs = {"retrieve": shapes.RightsOutput}

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("custom_role")

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Everything the person may do and see right now, and through what."""
        held = what_can(self.get_object(), actor=self.request.actor, at=self.request.at)
        return self.answer({"results": held})


class PreviewViewSet(PortalViewSet):
    model = Membership
    # The change that is rehearsed asks for its own permission.
    permissions = {"create": None}
    inputs = {"create": shapes.PreviewInput}
    outputs = {"create": shapes.EffectOutput}
    asked: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "role": ("member", "role"),
        "suspension": ("member",),
        "team_member_added": ("member", "team"),
        "team_member_removed": ("member", "team"),
        "team_deleted": ("team",),
        "integration_access": ("integration", "team", "level"),
        "resource_access": ("resource", "team", "level"),
    }

    def create(self, request: Request) -> Response:
        """Who would gain and lose what. Nothing is changed; it needs what the change needs."""
        data = self.read()
        change = data["change"]
        missing = [name for name in self.asked[change] if name not in data]
        if missing:
            raise Invalid(_("Something is missing."), dict.fromkeys(missing, _("Needed here.")))
        effect = rehearse(self._change(change, data), at=self.request.at)
        return self.answer(shown_effect(effect, self.request.actor))

    def _change(self, change: str, data: Mapping[str, Any]) -> Callable[[], Any]:
        actor, at = self.request.actor, self.request.at
        named: dict[str, Any] = {
            name: self._found(model, name, data[name]) if name in self.asked[change] else None
            for name, model in _MODELS.items()
        }
        member, team, level = named["member"], named["team"], data.get("level", "")
        changes: dict[str, Callable[[], Any]] = {
            "role": lambda: change_role(member, actor=actor, at=at, **named_role(data["role"])),
            "suspension": lambda: suspend_member(member, actor=actor, at=at),
            "team_member_added": lambda: add_team_member(team, actor=actor, membership=member),
            "team_member_removed": lambda: remove_team_member(team, actor=actor, membership=member),
            "team_deleted": lambda: delete_team(team, actor=actor),
            "integration_access": lambda: set_team_access(
                named["integration"], actor=actor, team=team, level=level
            ),
            "resource_access": lambda: set_resource_access(
                named["resource"], actor=actor, team=team, level=level
            ),
        }
        return changes[change]

    def _found(self, model: type[TenantModel], name: str, pk: UUID) -> Any:
        rows: Any = model.objects
        row = rows.visible_to(self.request.actor).filter(pk=pk).first()
        if row is None:
            raise Invalid(_("Some fields do not hold."), {name: _("Not known here.")})
        return row


_MODELS: Mapping[str, type[TenantModel]] = {
    "member": Membership,
    "team": Team,
    "integration": Integration,
    "resource": Resource,
}

register("access/resources", ResourceAccessViewSet, basename="api-access-resource")
register("access/integrations", IntegrationAccessViewSet, basename="api-access-integration")
register("access/members", MemberAccessViewSet, basename="api-access-member")
register_single(
    "access/preview", PreviewViewSet, basename="api-access-preview", verbs={"post": "create"}
)
