"""Roles as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.rest.serializers import StrictSerializer, TextField
from tenants.actions.roles import LONGEST_DESCRIPTION, LONGEST_NAME
from tenants.permissions import Permission

MOST = len(Permission)


class RoleOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField(max_length=60))
    version = serializers.IntegerField(help_text="Also the ETag.")


class RoleDefinition(StrictSerializer):
    name = TextField(max_length=LONGEST_NAME)
    description = TextField(
        required=False, default="", allow_blank=True, max_length=LONGEST_DESCRIPTION
    )
    permissions = serializers.ListField(
        child=serializers.CharField(max_length=60),
        min_length=1,
        max_length=MOST,
        help_text="Only what the token's holder may do themselves.",
    )


class RoleDefinitionChange(StrictSerializer):
    name = TextField(required=False, max_length=LONGEST_NAME)
    description = TextField(required=False, allow_blank=True, max_length=LONGEST_DESCRIPTION)
    permissions = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=60),
        min_length=1,
        max_length=MOST,
    )
