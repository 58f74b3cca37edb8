"""Teams as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.access.serializers import EffectOutput
from portal.catalog.rules import Level
from portal.people.bulk import MOST
from portal.people.serializers.many import ManyOutput
from portal.rest.serializers import StrictSerializer, TextField
from tenants.models import Team
from tenants.permissions import Permission


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
    permissions = serializers.ListField(
        child=serializers.CharField(), help_text="What membership allows beyond each one's role."
    )
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


class DigestField(TextField):
    """Of what was shown: with it the change is made, without it nothing happens."""

    def __init__(self, **options: Any) -> None:
        defaults = {"required": False, "default": "", "allow_blank": True, "max_length": 64}
        said = "From the answer that showed what would happen; without it nothing does."
        super().__init__(**{**defaults, "help_text": said, **options})


class TeamPermissionsInput(StrictSerializer):
    permissions = serializers.ListField(
        child=serializers.CharField(max_length=60),
        max_length=len(Permission),
        help_text="Only what the token's holder may do themselves; none empties it.",
    )
    digest = DigestField()


class TeamAccessInput(StrictSerializer):
    integration = serializers.UUIDField(required=False)
    resource = serializers.UUIDField(required=False)
    level = serializers.ChoiceField(
        allow_blank=True, choices=Level.choices, help_text="Empty takes it away."
    )
    digest = DigestField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len({"integration", "resource"} & attrs.keys()) != 1:
            raise serializers.ValidationError({"integration": "An integration or a resource."})
        return attrs


class TeamChanged(serializers.Serializer[Any]):
    done = serializers.BooleanField(help_text="Whether it happened, or would.")
    effect = EffectOutput()


class OpenedOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["integration", "resource"])
    id = serializers.UUIDField()
    name = serializers.CharField()
    level = serializers.ChoiceField(choices=Level.choices)


class TeamAccessOutput(serializers.Serializer[Any]):
    results = OpenedOutput(many=True)
    more = serializers.IntegerField(help_text="Given too, and not for you to know.")


class TeamPeopleInput(StrictSerializer):
    do = serializers.ChoiceField(choices=["add", "remove"])
    members = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=MOST
    )
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=254),
        required=False,
        default=list,
        max_length=MOST,
        help_text="E-mail addresses of people to add.",
    )
    digest = DigestField()


class StrayOutput(serializers.Serializer[Any]):
    place = serializers.IntegerField(help_text="Of the address in the list, from 1.")
    text = serializers.CharField()
    said = serializers.CharField()


class TeamPeopleOutput(ManyOutput):
    strays = StrayOutput(many=True)
