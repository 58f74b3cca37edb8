"""What somebody looks after as the API gives it, and to whom it goes."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from portal.people.ownership import KINDS, Thing
from portal.rest.serializers import StrictSerializer
from tenants.models import Membership

_MOVING = tuple(thing for thing, kind in KINDS.items() if kind.needs is not None)


class ThingOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="pk")
    name = serializers.CharField(source="*")


class BelongingsOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[thing.value for thing in Thing], source="thing")
    things = ThingOutput(source="rows", many=True)


class OwnershipOutput(serializers.Serializer[Any]):
    results = BelongingsOutput(many=True)


class HandOverInput(StrictSerializer):
    everything = serializers.UUIDField(
        required=False, default=None, allow_null=True, help_text="Who gets what no other gets."
    )
    integrations = serializers.UUIDField(required=False, default=None, allow_null=True)
    service_accounts = serializers.UUIDField(required=False, default=None, allow_null=True)
    teams = serializers.UUIDField(required=False, default=None, allow_null=True)
    invitations = serializers.UUIDField(required=False, default=None, allow_null=True)
    ends_tokens = serializers.BooleanField(
        required=False, default=False, help_text="Tokens work for nobody else."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The successors by kind, in place of their ids."""
        to = {}
        for thing in _MOVING:
            name = thing.value if attrs[thing.value] else "everything"
            if attrs[name]:
                to[thing] = self._member(name, attrs[name])
        return {"to": to, "ends_tokens": attrs["ends_tokens"]}

    def _member(self, name: str, pk: UUID) -> Membership:
        rows = Membership.objects.visible_to(self.context["view"].request.actor)
        found: Membership | None = rows.filter(pk=pk).first()
        if found is None:
            raise serializers.ValidationError({name: "There is no such member."})
        return found
