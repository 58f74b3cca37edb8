"""Roles over the API."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from portal.people.serializers import roles as shapes
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.actions.roles import create_role, delete_role, edit_role
from tenants.models import Role
from tenants.permissions import Permission


class RoleViewSet(PortalViewSet):
    model = Role
    ordering = ("name", "id")
    permissions = {
        "list": Permission.ROLE_VIEW,
        "retrieve": Permission.ROLE_VIEW,
        "create": create_role.permission,
        "partial_update": edit_role.permission,
        "destroy": delete_role.permission,
    }
    inputs = {"create": shapes.RoleDefinition, "partial_update": shapes.RoleDefinitionChange}
    outputs = dict.fromkeys(("list", "retrieve", "create", "partial_update"), shapes.RoleOutput)
    versioned = frozenset({"partial_update"})

    def list(self, request: Request) -> Response:
        """The roles made in this workspace, by name."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One role, with the version as ETag."""
        return self._tagged(self.get_object())

    def create(self, request: Request) -> Response:
        """Make a role of what you hold, or less. Needs a step-up within the last five minutes."""
        role = create_role(actor=self.request.actor, **self.read())
        response = self.answer(role, status=201, location=f"/api/v1/custom-roles/{role.pk}")
        return tagged(response, role.version)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what a role allows, at once for everybody who has it.

        `POST /access/preview` tells before who gains and loses what. Needs a step-up.
        """
        role: Role = self.get_object()
        require_version(self.request, role.version)
        kept = {name: getattr(role, name) for name in ("name", "description", "permissions")}
        wanted = {**kept, **self.read()}
        actor, version = self.request.actor, role.version
        return self._tagged(edit_role(role, actor=actor, version=version, **wanted))

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete a role that nobody has. Needs a step-up within the last five minutes."""
        delete_role(self.get_object(), actor=self.request.actor)
        return Response(status=204)

    def _tagged(self, role: Role) -> Response:
        return tagged(self.answer(role), role.version)
