"""Shapes of data sources in the API."""

from typing import Any

from rest_framework import serializers

from portal.catalog.models import Integration
from portal.catalog.rules import IntegrationKind
from portal.rest.serializers import StrictSerializer, TextField


class IntegrationInput(StrictSerializer):
    name = TextField(max_length=120)
    kind = serializers.ChoiceField(
        choices=IntegrationKind.choices, default=IntegrationKind.DBT_ARTIFACTS
    )


class IntegrationOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=IntegrationKind.choices)
    status = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    owner = serializers.UUIDField(source="owner_id", allow_null=True)
    created_at = serializers.DateTimeField()
    paused_at = serializers.DateTimeField(allow_null=True)
    last_sync_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.SerializerMethodField()

    def get_last_error(self, row: Integration) -> dict[str, str] | None:
        if not row.last_error_code:
            return None
        return {"code": row.last_error_code, "hint": row.last_error_hint}
