"""Shapes of resources and fields in the API."""

from typing import Any

from rest_framework import serializers

from portal.catalog.listing import SUGGESTED
from portal.catalog.rules import ResourceKind
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer

MOST_SUGGESTED = 50


class ResourceQuery(PageQuery):
    q = serializers.CharField(
        required=False, default="", max_length=200, help_text="Beginnings of words to find."
    )
    integration = serializers.UUIDField(required=False, default=None)
    kind = serializers.ChoiceField(required=False, default="", choices=ResourceKind.choices)
    tag = serializers.CharField(required=False, default="", max_length=255)
    owner = serializers.CharField(
        required=False, default="", max_length=255, help_text="As the source names them."
    )


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
    found_fields = serializers.ListField(
        child=serializers.CharField(), help_text="Names of fields that `q` met, the first few."
    )


class SuggestQuery(StrictSerializer):
    q = serializers.CharField(max_length=200, help_text="Beginnings of words to find.")
    size = serializers.IntegerField(
        required=False, default=SUGGESTED, min_value=1, max_value=MOST_SUGGESTED
    )


class SuggestionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    path = serializers.CharField()
    kind = serializers.ChoiceField(choices=ResourceKind.choices)
    integration = serializers.UUIDField(source="integration_id")
    integration_name = serializers.CharField(source="integration.name")


class SuggestionsOutput(serializers.Serializer[Any]):
    results = SuggestionOutput(many=True)


class FieldQuery(PageQuery):
    q = serializers.CharField(
        required=False,
        default="",
        max_length=200,
        help_text="Of the resources that `q` finds, the fields that hold a word of it.",
    )
    resource = serializers.UUIDField(required=False, default=None)


class FieldOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    resource = serializers.UUIDField(source="resource_id")
    name = serializers.CharField()
    type = serializers.CharField()
    position = serializers.IntegerField()
    description = serializers.CharField()
