"""Shapes that several parts of the API about people use."""

from typing import Any

from rest_framework import serializers

from portal.rest.serializers import StrictSerializer
from tenants.permissions import BuiltInRole, Permission


class TeamName(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="team_id")
    name = serializers.CharField(source="team.name")
    is_lead = serializers.BooleanField()


class NoInput(StrictSerializer):
    """A verb that needs nothing said."""


ROLES = [(role.value, str(role.label)) for role in BuiltInRole]
SCOPES = [str(permission) for permission in Permission]
ROLE_HELP = f"One of {', '.join(key for key, _label in ROLES)}; or `custom:` and a role's id."


class RoleField(serializers.CharField):
    """A built-in role by name, or one made in the workspace."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=60, help_text=ROLE_HELP, **options)
