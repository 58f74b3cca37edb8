"""Members over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid
from portal.people.actions.standing import let_in_again
from portal.people.member_listing import MEMBER_ORDER, members_for, narrowed
from portal.people.serializers import members as shapes
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.actions.ends import set_access_end
from tenants.actions.members import change_role
from tenants.actions.suspending import suspend_member
from tenants.models import Membership
from tenants.permissions import Permission


class MemberViewSet(PortalViewSet):
    model = Membership
    ordering = MEMBER_ORDER
    permissions = {
        "list": Permission.MEMBER_VIEW,
        "retrieve": Permission.MEMBER_VIEW,
        "role": change_role.permission,
        "suspend": suspend_member.permission,
        "reinstate": let_in_again.permission,
        "end": set_access_end.permission,
    }
    parameters = {"list": shapes.MemberQuery}
    inputs = {
        "role": shapes.RoleInput,
        "suspend": shapes.SuspensionInput,
        "reinstate": shapes.ReturnInput,
        "end": shapes.EndInput,
    }
    outputs = dict.fromkeys(permissions, shapes.MemberOutput)
    versioned = frozenset({"role", "suspend", "reinstate", "end"})

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

    @verb(detail=True, methods=["post"])
    def suspend(self, request: Request, pk: UUID) -> Response:
        """Cut every way in until somebody lets them in again.

        Needs a step-up within the last five minutes.
        """
        member, data = self._current(), self.read()
        suspend_member(member, actor=self.request.actor, at=self.request.at, **data)
        return self._changed()

    @verb(detail=True, methods=["post"])
    def reinstate(self, request: Request, pk: UUID) -> Response:
        """Let a suspended person in again; no old session or token works.

        409 while a revocation of this person runs. Needs a step-up within the last five minutes.
        """
        member, data = self._current(), self.read()
        let_in_again(member, actor=self.request.actor, at=self.request.at, **data)
        return self._changed()

    @verb(detail=True, methods=["post"])
    def end(self, request: Request, pk: UUID) -> Response:
        """Let the access end at an instant to come; null lets it stand without end."""
        member, data = self._current(), self.read()
        ends_at = data["access_ends_at"]
        try:
            set_access_end(member, actor=self.request.actor, at=self.request.at, ends_at=ends_at)
        except Invalid as refusal:
            said = refusal.errors.get("ends_at", refusal.message)
            raise Invalid(refusal.message, {"access_ends_at": said}) from refusal
        return self._changed()

    def _current(self) -> Membership:
        member: Membership = self.get_object()
        require_version(self.request, member.version)
        return member

    def _changed(self) -> Response:
        changed = self.get_object()
        return tagged(self.answer(changed), changed.version)
