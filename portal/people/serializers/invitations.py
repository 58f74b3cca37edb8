"""Invitations as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.people.serializers.shared import ROLES
from portal.rest.serializers import StrictSerializer, TextField


class InvitationInput(StrictSerializer):
    email = serializers.EmailField(max_length=254)
    name = TextField(required=False, default="", allow_blank=True, max_length=120)
    role = serializers.ChoiceField(choices=ROLES)
    teams = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=100
    )


class InvitationOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES)
    invited_by = serializers.UUIDField(source="invited_by_id", allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
