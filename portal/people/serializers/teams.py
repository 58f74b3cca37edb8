"""Teams as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.rest.serializers import StrictSerializer, TextField
from tenants.models import Team


class TeamInput(StrictSerializer):
    name = TextField(max_length=80)
    description = TextField(required=False, default="", allow_blank=True, max_length=300)
    visibility = serializers.ChoiceField(
        required=False, default=Team.Visibility.PUBLIC, choices=Team.Visibility.choices
    )


class TeamChange(StrictSerializer):
    name = TextField(required=False, max_length=80)
    description = TextField(required=False, allow_blank=True, max_length=300)
    visibility = serializers.ChoiceField(required=False, choices=Team.Visibility.choices)


class TeamOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    visibility = serializers.ChoiceField(choices=Team.Visibility.choices)
    members = serializers.IntegerField(source="size")
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="Also the ETag.")


class PlaceInput(StrictSerializer):
    member = serializers.UUIDField()
    is_lead = serializers.BooleanField(required=False, default=False)


class PlaceChange(StrictSerializer):
    is_lead = serializers.BooleanField()


class PlaceOutput(serializers.Serializer[Any]):
    member = serializers.UUIDField(source="membership_id")
    name = serializers.CharField(source="membership.name")
    is_lead = serializers.BooleanField()


class PlacesOutput(serializers.Serializer[Any]):
    results = PlaceOutput(many=True)
