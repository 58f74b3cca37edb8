"""Downstream systems as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.downstream.models import Connector
from portal.downstream.rules import EVIDENCE_LENGTH, INSTRUCTION_LENGTH, NAME_LENGTH, Kind
from portal.rest.serializers import StrictSerializer, TextField
from tenants.models import Membership


class DownstreamChange(StrictSerializer):
    name = TextField(max_length=NAME_LENGTH, required=False)
    url = TextField(
        max_length=2048, required=False, allow_blank=True, help_text="For the kind `callback`."
    )
    instruction = TextField(
        max_length=INSTRUCTION_LENGTH,
        required=False,
        allow_blank=True,
        help_text="What a person does there; needed for the kind `manual`.",
    )
    evidence_asked = TextField(max_length=EVIDENCE_LENGTH, required=False, allow_blank=True)
    needs_reference = serializers.BooleanField(required=False)
    responsible = serializers.UUIDField(
        required=False, help_text="A member whose role includes `ticket:work`."
    )
    on_revocation = serializers.BooleanField(required=False)
    on_deletion = serializers.BooleanField(required=False)

    def validate_responsible(self, value: Any) -> Membership:
        actor = self.context["view"].request.actor
        found: Membership | None = Membership.objects.visible_to(actor).filter(pk=value).first()
        if found is None:
            raise serializers.ValidationError("There is no such member.")
        return found


class DownstreamInput(DownstreamChange):
    kind = serializers.ChoiceField(choices=Kind.choices)
    name = TextField(max_length=NAME_LENGTH)
    responsible = serializers.UUIDField(help_text="A member whose role includes `ticket:work`.")


class NothingToSay(StrictSerializer):
    """A verb without a body."""


class DownstreamSwitch(StrictSerializer):
    on = serializers.BooleanField()


class DownstreamOutput(serializers.ModelSerializer[Connector]):
    is_in_use = serializers.BooleanField()

    class Meta:
        model = Connector
        fields = [
            "id",
            "name",
            "kind",
            "url",
            "instruction",
            "evidence_asked",
            "needs_reference",
            "responsible",
            "on_revocation",
            "on_deletion",
            "is_in_use",
            "created_at",
            "version",
        ]


class DownstreamMade(DownstreamOutput):
    secret = serializers.CharField(
        source="shown_secret", help_text="Signs the calls. Shown once; empty for `manual`."
    )

    class Meta(DownstreamOutput.Meta):
        fields = [*DownstreamOutput.Meta.fields, "secret"]
