"""A change of many people as the API takes it, and what it comes to."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from portal.access.serializers import EffectOutput
from portal.people.bulk import DO_LABELS, IN_TEAMS, MOST, Do, people_of
from portal.people.serializers.shared import RoleField
from portal.rest.serializers import StrictSerializer, TextField
from tenants.models import Membership, Team


class BulkInput(StrictSerializer):
    """What every change of many rows says; whoever uses it adds `do` and the rows."""

    team = serializers.UUIDField(
        required=False, default=None, allow_null=True, help_text="To join or to leave."
    )
    role = RoleField(required=False, default="", allow_blank=True)
    digest = TextField(
        required=False,
        default="",
        allow_blank=True,
        max_length=64,
        help_text="From the answer that showed what would happen; without it nothing does.",
    )

    def validate_team(self, value: UUID | None) -> Team | None:
        if value is None:
            return None
        found: Team | None = Team.objects.visible_to(self.actor).filter(pk=value).first()
        if found is None:
            raise serializers.ValidationError("Not a team here.")
        return found

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["do"] in IN_TEAMS and attrs["team"] is None:
            raise serializers.ValidationError({"team": "Name the team."})
        if attrs["do"] == Do.ROLE and not attrs["role"]:
            raise serializers.ValidationError({"role": "Name the role."})
        return attrs

    @property
    def actor(self) -> Any:
        return self.context["view"].request.actor


class ManyInput(BulkInput):
    members = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=MOST
    )
    do = serializers.ChoiceField(choices=[(do.value, str(said)) for do, said in DO_LABELS.items()])
    reason = TextField(
        required=False, default="", allow_blank=True, max_length=500, help_text="Of a revocation."
    )

    def validate_members(self, value: list[UUID]) -> list[Membership]:
        found = people_of(value, self.actor)
        if found is None:
            raise serializers.ValidationError("One of them is no member here.")
        return found


class PersonLine(serializers.Serializer[Any]):
    member = serializers.UUIDField(source="member.pk")
    name = serializers.CharField(source="member")
    said = serializers.CharField(
        source="refusal", allow_blank=True, help_text="Why they stay as they are; else empty."
    )


class ManyOutput(serializers.Serializer[Any]):
    done = serializers.BooleanField(help_text="Whether it happened, or would.")
    digest = serializers.CharField(source="outcome.digest")
    lines = PersonLine(source="outcome.lines", many=True)
    effect = EffectOutput()
