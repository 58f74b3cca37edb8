"""Members over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.people.member_listing import MEMBER_ORDER, members_for, narrowed
from portal.people.serializers import members as shapes
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.actions.members import change_role
from tenants.models import Membership
from tenants.permissions import Permission


class MemberViewSet(PortalViewSet):
    model = Membership
    ordering = MEMBER_ORDER
    permissions = {
        "list": Permission.MEMBER_VIEW,
        "retrieve": Permission.MEMBER_VIEW,
        "role": change_role.permission,
    }
    parameters = {"list": shapes.MemberQuery}
    inputs = {"role": shapes.RoleInput}
    outputs = dict.fromkeys(permissions, shapes.MemberOutput)
    versioned = frozenset({"role"})

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.query if self.action == "list" else {}
        seen = members_for(self.request.actor).filter(pk__in=rows.values("pk"))
        return narrowed(seen, wanted, actor=self.request.actor, at=self.request.at)

    def list(self, request: Request) -> Response:
        """Members by name; departed people stay listed with their status."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One member, with the version as ETag."""
        member = self.get_object()
        return tagged(self.answer(member), member.version)

    @verb(detail=True, methods=["post"])
    def role(self, request: Request, pk: UUID) -> Response:
        """Give another built-in role. Nobody raises their own, or gives more than they hold."""
        member = self.get_object()
        require_version(self.request, member.version)
        wanted = self.read()["role"]
        change_role(member, actor=self.request.actor, at=self.request.at, role=wanted)
        changed = self.get_object()
        return tagged(self.answer(changed), changed.version)
