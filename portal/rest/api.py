"""What every token may ask: who it is, and which roles there are."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.rest.routing import register_single
from portal.rest.views import PortalViewSet
from tenants.permissions import (
    CUSTOMER_ROLES,
    PERMISSION_LABELS,
    ROLE_PERMISSIONS,
    VENDOR_ROLES,
    BuiltInRole,
    Permission,
)


class OrganizationShown(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.SlugField()
    kind = serializers.CharField()


class TokenShown(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    prefix = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)


class MeShown(serializers.Serializer[Any]):
    name = serializers.CharField()
    organization = OrganizationShown()
    token = TokenShown()
    member = serializers.UUIDField(allow_null=True, help_text="The holder's membership.")
    permissions = serializers.ListField(
        child=serializers.CharField(), help_text="What the holder may do, cut to the scopes."
    )


class PermissionShown(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class RoleShown(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    permissions = serializers.ListField(child=serializers.CharField())


class RolesShown(serializers.Serializer[Any]):
    roles = RoleShown(many=True)
    permissions = PermissionShown(many=True)


class MeViewSet(PortalViewSet):
    permissions = {"retrieve": None}
    outputs = {"retrieve": MeShown}

    def retrieve(self, request: Request) -> Response:
        """Who this token speaks for, where, and what it may do."""
        actor = self.request.actor
        return self.answer(
            {
                "name": actor.name,
                "organization": actor.organization,
                "token": actor.token,
                "member": actor.membership.pk if actor.membership else None,
                "permissions": sorted(actor.permissions),
            }
        )


class RoleViewSet(PortalViewSet):
    permissions = {"retrieve": Permission.ROLE_VIEW}
    outputs = {"retrieve": RolesShown}

    def retrieve(self, request: Request) -> Response:
        """The built-in roles of this kind of organization and what each one holds."""
        is_vendor = self.request.actor.organization.kind == "vendor"
        offered = VENDOR_ROLES if is_vendor else CUSTOMER_ROLES
        roles = [
            {"key": role.value, "label": role.label, "permissions": sorted(ROLE_PERMISSIONS[role])}
            for role in BuiltInRole
            if role in offered
        ]
        named = [{"name": str(p), "label": PERMISSION_LABELS[p]} for p in Permission]
        return self.answer({"roles": roles, "permissions": named})


register_single("me", MeViewSet, basename="api-me", verbs={"get": "retrieve"})
register_single("roles", RoleViewSet, basename="api-roles", verbs={"get": "retrieve"})
