"""Shapes of resources and fields in the API."""

from typing import Any

from rest_framework import serializers

from portal.catalog.rules import ResourceKind
from portal.rest.pagination import PageQuery


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
