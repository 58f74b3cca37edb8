"""Questions about access as the API takes and answers them."""

from typing import Any

from rest_framework import serializers

from portal.access.standing import RightKind
from portal.catalog.rules import Level
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer

KINDS = [kind.value for kind in RightKind]
CHANGES = (
    "role",
    "suspension",
    "team_member_added",
    "team_member_removed",
    "team_deleted",
    "integration_access",
    "resource_access",
)


class SeerQuery(PageQuery):
    q = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=100, help_text="Name or address."
    )


class PathOutput(serializers.Serializer[Any]):
    text = serializers.CharField()
    team = serializers.UUIDField(source="team_id", allow_null=True)


class PersonOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField()


class SeerOutput(serializers.Serializer[Any]):
    member = PersonOutput()
    level = serializers.ChoiceField(choices=Level.choices)
    paths = PathOutput(many=True)


class MachineOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="account.pk")
    name = serializers.CharField(source="account.name")
    owner = serializers.UUIDField(source="account.owner_id")
    level = serializers.ChoiceField(choices=Level.choices)
    paths = PathOutput(many=True)


class SeersOutput(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="How many people see it, on all pages together.")
    results = SeerOutput(many=True)
    service_accounts = MachineOutput(many=True, help_text="Those you may see, on every page.")
    next_cursor = serializers.CharField(help_text="For `cursor`; empty on the last page.")


class HeldRight(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=KINDS)
    key = serializers.CharField(help_text="A permission, or the id of a thing.")
    level = serializers.CharField()


class HeldOutput(serializers.Serializer[Any]):
    right = HeldRight()
    text = serializers.CharField()
    paths = PathOutput(many=True)


class RightsOutput(serializers.Serializer[Any]):
    results = HeldOutput(many=True)


class PreviewInput(StrictSerializer):
    change = serializers.ChoiceField(choices=CHANGES)
    member = serializers.UUIDField(required=False)
    team = serializers.UUIDField(required=False)
    integration = serializers.UUIDField(required=False)
    resource = serializers.UUIDField(required=False)
    role = serializers.CharField(required=False, max_length=60)
    level = serializers.ChoiceField(
        required=False, allow_blank=True, choices=Level.choices, help_text="Empty takes it away."
    )


class RightNamed(serializers.Serializer[Any]):
    words = serializers.CharField()
    name = serializers.CharField(help_text="Of the thing it is about; empty for a permission.")


class RightsNamed(serializers.Serializer[Any]):
    named = RightNamed(many=True)
    more = serializers.IntegerField(help_text="Not named here.")


class PersonEffectOutput(serializers.Serializer[Any]):
    member = PersonOutput()
    gained = RightsNamed()
    lost = RightsNamed()
    comes_in = serializers.BooleanField()
    is_shut_out = serializers.BooleanField()


class EffectOutput(serializers.Serializer[Any]):
    people = PersonEffectOutput(many=True)
    summary = serializers.CharField()
    more = serializers.IntegerField(help_text="Concerned, and not listed.")
    digest = serializers.CharField(help_text="Names exactly this effect.")
