"""Shapes of the catalogue in the API."""

from typing import Any

from rest_framework import serializers

from portal.catalog.models import ImportRun, Integration
from portal.catalog.rules import IntegrationKind, ResourceKind
from portal.catalog.showing import may_see_keys
from portal.rest.pagination import PageQuery
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


class ResourceQuery(PageQuery):
    q = serializers.CharField(
        required=False, default="", max_length=200, help_text="Beginnings of words to find."
    )
    integration = serializers.UUIDField(required=False, default=None)
    kind = serializers.ChoiceField(required=False, default="", choices=ResourceKind.choices)
    tag = serializers.CharField(required=False, default="", max_length=255)


class ResourceOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    integration = serializers.UUIDField(source="integration_id")
    kind = serializers.ChoiceField(choices=ResourceKind.choices)
    key = serializers.CharField(source="unique_key")
    name = serializers.CharField()
    database = serializers.CharField()
    schema = serializers.CharField()
    relation_type = serializers.CharField()
    description = serializers.CharField()
    owner = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    field_count = serializers.IntegerField()
    row_count = serializers.IntegerField(allow_null=True)


class FieldQuery(PageQuery):
    resource = serializers.UUIDField(required=False, default=None)


class FieldOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    resource = serializers.UUIDField(source="resource_id")
    name = serializers.CharField()
    type = serializers.CharField()
    position = serializers.IntegerField()
    description = serializers.CharField()


class ImportQuery(PageQuery):
    integration = serializers.UUIDField(required=False, default=None)


class ImportInput(StrictSerializer):
    integration = serializers.UUIDField()
    manifest = serializers.FileField(allow_empty_file=True)
    catalog = serializers.FileField(allow_empty_file=True)


class ImportOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    integration = serializers.UUIDField(source="integration_id")
    status = serializers.CharField()
    percent = serializers.IntegerField()
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="resources, fields, added, changed, unchanged, removed; empty until it is done.",
    )
    error = serializers.SerializerMethodField()

    def get_error(self, run: ImportRun) -> dict[str, str | int | None] | None:
        if not run.error_code:
            return None
        actor = self.context["view"].request.actor
        return {
            "code": run.error_code,
            "message": run.error_message,
            "file": run.error_file,
            "line": run.error_line,
            "offset": run.error_offset,
            "key": run.error_key if may_see_keys(actor) else "",
        }
